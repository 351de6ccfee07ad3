import { healthOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { messagesOf } from './same-of-members.ts';

/** A start that is shorter is not told. Milliseconds. */
const tellAfterMs = 10_000;

/** When it is told what the kubelet does before the member can start; undefined: there is nothing to tell. Epoch milliseconds. */
export const preparingDueMs = (member: Member): number | undefined =>
  member.preparing === undefined || healthOf(member) !== 'Unknown'
    ? undefined
    : member.preparing.sinceMs + tellAfterMs;

/**
 * What the kubelet does since when, in a clause for a person: no fault, as a large image takes minutes. The kubelet says the same while it
 * downloads an image and while the registry does not answer. The text stays the same as long as that lasts.
 */
export function preparingClause(
  { namespace }: Pick<Resource, 'namespace'>,
  member: Member,
  nowMs: number,
): string | undefined {
  const { name, preparing } = member;
  const dueMs = preparingDueMs(member);
  if (preparing === undefined || dueMs === undefined || nowMs < dueMs) return undefined;
  const { container, image, sinceMs, isSetUp } = preparing;
  const what =
    isSetUp === true
      ? `the kubelet pulls the image ${image} of container ${container}, or its registry does not answer`
      : `the kubelet prepares volumes, the network or the image ${image}`;
  return `${what}, since ${new Date(sinceMs).toISOString()}: \`kubectl describe pod ${name} -n ${namespace}\` says what it waits for`;
}

/** The same of all members, in sentences. */
export const preparingOf = (resource: Resource, { members }: Observed, nowMs: number): string[] =>
  messagesOf(
    resource.name,
    members.flatMap((member) => {
      const clause = preparingClause(resource, member, nowMs);
      return clause === undefined
        ? []
        : [{ reason: 'MembersMissing', message: `${member.name} is starting: ${clause}` }];
    }),
  );
