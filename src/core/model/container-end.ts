import type { Member, Resource } from './observed.ts';

/** The kubelet reports the end of a container by whole seconds, and a verdict comes before or after it. Milliseconds. */
const nearMs = 10_000;

/** How the last process of a container ended, in a clause for a person, with the command that shows its log. */
export function describeEnd(
  { namespace }: Resource,
  { name, lastEnd }: Member,
): string | undefined {
  if (lastEnd === undefined) return undefined;
  const { container, reason, exitCode, finishedAtMs } = lastEnd;
  const more = reason === 'OOMKilled' ? ' (it needs more memory than its limit)' : '';
  return `container ${container} of ${name} ended at ${new Date(finishedAtMs).toISOString()}: ${reason}${more}, exit code ${exitCode}; see \`kubectl logs -p ${name} -c ${container} -n ${namespace}\``;
}

/** The same, if the end was near that time: it explains what was seen then. */
export const describeEndAt = (
  resource: Resource,
  member: Member,
  atMs: number,
): string | undefined =>
  member.lastEnd !== undefined && Math.abs(member.lastEnd.finishedAtMs - atMs) <= nearMs
    ? describeEnd(resource, member)
    : undefined;
