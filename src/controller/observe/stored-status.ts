import type { HAService } from '../../api/haservice.ts';
import type { FailoverTrigger, Status } from '../../api/status.ts';

/** What operators of before wrote, and what is written now. */
const words: ReadonlyMap<string, string> = new Map([
  ['Sick', 'Unhealthy'],
  ['MemberSick', 'MemberUnhealthy'],
  ['LeaseRuns', 'LeaseNotExpired'],
  ['Obeyed', 'Acknowledged'],
]);

/** A word that is not an old one stays. */
const upgraded = <T extends string>(word: T): T => (words.get(word) ?? word) as T;

const withTrigger = <T extends { trigger: FailoverTrigger }>(failover: T): T => ({
  ...failover,
  trigger: upgraded(failover.trigger),
});

/**
 * The status that is stored with a resource, in the words of this operator. An older operator may have written it, with words that
 * the schema has no more. The next status is made from this one and takes over from it the failover that is in flight, and
 * the records of those that were: they must not bring the old words with them. A word is translated and nothing else is
 * changed, so that what is decided from the status stays the same.
 *
 * The stored status itself still differs from the one that is decided, so that the first reconciliation after an upgrade writes it.
 */
export function storedStatus({ status = {} }: Pick<HAService, 'status'>): Status {
  const { members, fencing, failovers, conditions, ...rest } = status;
  return {
    ...rest,
    ...(fencing === undefined ? {} : { fencing: withTrigger(fencing) }),
    ...(members === undefined
      ? {}
      : { members: members.map((member) => ({ ...member, health: upgraded(member.health) })) }),
    ...(failovers === undefined
      ? {}
      : {
          failovers: failovers.map(({ fence, ...record }) => ({
            ...withTrigger(record),
            // The method and the proof: the condition Fenced has the method as its reason.
            ...(fence === undefined ? {} : { fence: fence.replace(/^\w+(?=: )/, upgraded) }),
          })),
        }),
    ...(conditions === undefined
      ? {}
      : {
          conditions: conditions.map(({ reason, message, ...condition }) => ({
            ...condition,
            reason: upgraded(reason),
            // What a blocked failover waits for, after its cause: one that says the same as before is no news.
            message: message.replace(/(?<= failed \()\w+(?=\); )/, upgraded),
          })),
        }),
  };
}
