import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member, Resource } from './observed.ts';

/** Counted as a member: not on its way out. */
export const isLive = (member: Member) => member.deletionAtMs === undefined;

export const hasEnded = (member: Member) =>
  member.phase === 'Failed' || member.phase === 'Succeeded';

/**
 * Healthy: heard by this very process, and says that it is well; the pod runs, has an address and is not on its way out. Suspect
 * counts as healthy: a missed beat is no verdict yet. It says nothing of the data. Asked wherever a wrong answer costs data or a
 * pod: election, fence, scale-down, update. For Services and the status see seemsHealthy.
 */
export function isHealthy(member: Member): boolean {
  const verdict = member.health?.verdict;
  return (
    isLive(member) &&
    !hasEnded(member) &&
    member.ip !== undefined &&
    (verdict === 'Healthy' || verdict === 'Suspect')
  );
}

/** What it last said of itself, where it speaks the member protocol. */
export const reportOf = (member: Member | undefined): MemberReport | undefined =>
  member?.health?.report;

/** Follows its leader, as far as it knows over a stream that stands. */
export const follows = (report: MemberReport | undefined): boolean =>
  report?.state === 'Following' && report.linked !== false;

/** Follows, but the stream from its leader is down. */
export const isUnlinked = (report: MemberReport | undefined): boolean =>
  report?.state === 'Following' && report.linked === false;

/** Leads, or follows its leader; true of all that have no such roles. */
export function isSynced(member: Member): boolean {
  const report = reportOf(member);
  return report === undefined || report.state === 'Leading' || follows(report);
}

/**
 * Durable: what it holds survives its own restart, as it says itself (MemberReport.durable); what says nothing is durable. Only a
 * durable member may be chosen by a planned change, and while the primary is not, no other member is stopped or replaced on
 * purpose. An election prefers durable members, and takes others. Says nothing of whether it is complete.
 */
export const isDurable = (member: Member): boolean => reportOf(member)?.durable !== false;

/**
 * Old: it was restarted before what it held was on its disk, so that what it holds now may be older than what it has acknowledged.
 * Known by two facts of its report: not durable, and a position that cannot be told. It is never trusted alone.
 */
export const isOld = (member: Member): boolean =>
  !isDurable(member) && reportOf(member)?.position === undefined;

/**
 * What keeps a member from being complete, in a clause for a person; undefined if it is complete.
 *
 * @param acceptsOld what is old counts as complete: nobody has anything newer, and the user has said so
 */
export function whyIncomplete(member: Member, acceptsOld = false): string | undefined {
  if (isOld(member) && !acceptsOld) {
    return 'was restarted before all that it held was on its disk, and may have old data';
  }
  switch (reportOf(member)?.state) {
    case undefined:
      return 'has not told its state yet';
    case 'Empty':
      return 'has no data';
    case 'Cloning':
      return 'is still being made a copy of the primary';
    case 'Starting':
      return 'is still starting';
    default:
      return undefined;
  }
}

/**
 * Complete: its running process has all that this member has ever acknowledged. Only such a member may lead, or stand for itself in
 * a fence. It rests on its report alone: on the state, and on not being old. Whether it has all that others have is told by its
 * position. Says nothing of whether it is durable.
 */
export const isComplete = (member: Member): boolean => whyIncomplete(member) === undefined;

/** Follows nobody and takes no writes, in this epoch or a later one. */
export const isFenced = (report: MemberReport | undefined, epoch: number): boolean =>
  report !== undefined &&
  report.epoch >= epoch &&
  report.state !== 'Leading' &&
  report.state !== 'Following' &&
  report.state !== 'Cloning';

/**
 * Well: healthy, and in its role, as its report says; one that has no role to report is well if it is healthy. Planned changes
 * (update, switchover, move between zones) wait until all members are well.
 */
export const isWell = (member: Member) => isHealthy(member) && isSynced(member);

/**
 * Healthy as far as is known: the word of the operator's last process counts, until this one has its own. For what must not
 * change because the operator was restarted: Services, conditions, counts in the status. Never for an election or a deletion.
 */
export const seemsHealthy = (member: Member) =>
  isHealthy(member) || (member.inheritsHealth === true && !hasEnded(member));

/** Well as far as is known: for the same purposes. */
export const seemsWell = (member: Member) => seemsHealthy(member) && isSynced(member);

/** Its health for status and messages. */
export function healthOf(
  member: Member,
): 'Unknown' | 'Healthy' | 'Unhealthy' | 'Dead' | 'Terminating' {
  if (!isLive(member)) return 'Terminating';
  if (hasEnded(member)) return 'Dead';
  if (seemsHealthy(member)) return 'Healthy';
  const verdict = member.health?.verdict ?? 'Unknown';
  // Heard, but without an address now.
  return verdict === 'Suspect' || verdict === 'Healthy' ? 'Unknown' : verdict;
}

/** What keeps it from being healthy, in a clause for a person. */
export function whyNotHealthy(member: Member): string {
  if (!isLive(member)) return 'is being deleted';
  if (hasEnded(member)) return `has ended (phase ${member.phase})`;
  if (member.waiting) return `cannot start: ${member.waiting.reason}`;
  if (member.unschedulable !== undefined) return 'has no node';
  if (member.ip === undefined) return 'has no address yet';
  return member.health?.message ?? 'is not asked';
}

/** The primary's pod, the very one that was elected, or undefined where it is gone. */
export const primaryOf = (resource: Resource, members: Member[]): Member | undefined =>
  members.find((member) => member.uid === resource.status.primaryUID);

/**
 * The primary has in memory what its restart would lose: the others would be the only ones that have it on their disks. Until it is
 * written no member is stopped or replaced on purpose. Undefined if it is durable, or not heard.
 */
export function undurablePrimary(resource: Resource, members: Member[]): Member | undefined {
  const primary = primaryOf(resource, members);
  return primary !== undefined && isHealthy(primary) && !isDurable(primary) ? primary : undefined;
}
