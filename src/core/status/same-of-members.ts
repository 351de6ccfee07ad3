import type { Degradation } from '../model/fault.ts';

/** The member, or the claim of a member, that a message is about: the first one that the message names. */
const subjectOf = (service: string, message: string) =>
  new RegExp(`(?<![a-z0-9.-])([a-z0-9-]+-)?${service}-\\d+(?![a-z0-9-])`).exec(message)?.[0];

/**
 * The messages, for one text: what is the same for several members is said once, with the names of the others. An error of the spec
 * makes the same fault in each member, and a long message three times is read as three faults.
 *
 * @param service the name of the HAService: members are called after it
 */
export function messagesOf(service: string, degradedReasons: readonly Degradation[]): string[] {
  const groups = new Map<string, { message: string; others: string[] }>();
  for (const { reason, message } of degradedReasons) {
    const subject = subjectOf(service, message);
    // Only whole names: web-1 is not web-10. The names of claims and commands contain the member's name, too.
    const text =
      subject === undefined
        ? message
        : message.replaceAll(new RegExp(`(?<![a-z0-9])${subject}(?!\\d)`, 'g'), '\0');
    const key = `${reason}/${text}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { message, others: [] });
    else if (subject !== undefined) known.others.push(subject);
  }
  return [...groups.values()].map(({ message, others }) =>
    others.length === 0 ? message : `${message}; the same for ${others.join(' and ')}`,
  );
}
