import type { Member, Resource } from './observed.ts';

/** Counted as a member: not on its way out. */
export const isLive = (member: Member) => member.deletionAtMs === undefined;

export const hasEnded = (member: Member) =>
  member.phase === 'Failed' || member.phase === 'Succeeded';

/** Suspect counts as healthy: a missed beat is no verdict yet. */
export function isHealthy(member: Member): boolean {
  const verdict = member.health?.verdict;
  return (
    isLive(member) &&
    !hasEnded(member) &&
    member.ip !== undefined &&
    (verdict === 'Healthy' || verdict === 'Suspect')
  );
}

/** Its health for status and messages. */
export function healthOf(member: Member): 'Unknown' | 'Healthy' | 'Sick' | 'Dead' | 'Terminating' {
  if (!isLive(member)) return 'Terminating';
  if (hasEnded(member)) return 'Dead';
  const verdict = member.health?.verdict ?? 'Unknown';
  return verdict === 'Suspect' ? 'Healthy' : verdict;
}

/** What keeps it from being healthy, in a clause for a person. */
export function whyUnhealthy(member: Member): string {
  if (!isLive(member)) return 'is being deleted';
  if (hasEnded(member)) return `has ended (phase ${member.phase})`;
  if (member.waiting) return `cannot start: ${member.waiting.reason}`;
  if (member.unschedulable !== undefined) return 'has no node';
  return member.health?.message ?? 'has no address yet';
}

/** The primary's pod, the very one that was elected, or undefined where it is gone. */
export const primaryOf = (resource: Resource, members: Member[]): Member | undefined =>
  members.find((member) => member.uid === resource.status.primaryUID);
