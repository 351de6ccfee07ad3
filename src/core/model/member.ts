import {
  type IncompleteState,
  isIncompleteState,
  reportsOldData,
} from '../../protocol/completeness.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member, Resource } from './observed.ts';

/** Counts as a member: its pod is not being deleted. */
export const isLive = (member: Member) => member.deletionAtMs === undefined;

export const hasEnded = (member: Member) =>
  member.phase === 'Failed' || member.phase === 'Succeeded';

/**
 * Healthy: this very process has its answers, and they are good; the pod runs, has an address and is not being deleted. Suspect
 * counts as healthy: one missing heartbeat is no verdict yet. It says nothing about the data. Used wherever an error would cost data
 * or a pod: election, fence, scale-down, update. For Services and the status see seemsHealthy.
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

/** Answers its heartbeats, but says that it is not well, or something else than expected; or did so for the last operator process. */
export const answersWrongly = (member: Member): boolean =>
  isLive(member) &&
  !hasEnded(member) &&
  member.ip !== undefined &&
  (member.inheritsHealth === 'Unhealthy' ||
    (member.health?.verdict === 'Unhealthy' && member.health.cause === 'BadAnswer'));

/** Its last report, if it speaks the member protocol. */
export const reportOf = (member: Member | undefined): MemberReport | undefined =>
  member?.health?.report;

/** All that a member says is wrong with it. */
export const problemsOf = (report: MemberReport | undefined) =>
  report?.problem === undefined ? [] : [report.problem, ...(report.furtherProblems ?? [])];

/** Follows its leader; as far as the member knows, over an open stream. */
export const follows = (report: MemberReport | undefined): boolean =>
  report?.state === 'Following' && report.linked !== false;

/** Follows, but the stream from its leader is broken. */
export const isUnlinked = (report: MemberReport | undefined): boolean =>
  report?.state === 'Following' && report.linked === false;

/** Leads, or follows its leader; true for members without such roles. */
export function isSynced(member: Member): boolean {
  const report = reportOf(member);
  return report === undefined || report.state === 'Leading' || follows(report);
}

/**
 * Durable: its data survive its own restart, as its report says (MemberReport.durable); without that field it is durable. A planned
 * change chooses durable members alone, and while the primary is not durable, no other member is stopped or replaced on purpose.
 * An election prefers durable members, but may choose others. Says nothing about completeness.
 */
export const isDurable = (member: Member): boolean => reportOf(member)?.durable !== false;

/**
 * Old: it was restarted before its data were on its disk, so that its data may be older than what it has acknowledged. Two facts
 * of its report show that: not durable, and no known position. Its data alone are never trusted.
 */
export function isOld(member: Member): boolean {
  const report = reportOf(member);
  return report !== undefined && reportsOldData(report);
}

/**
 * What keeps a member from being complete, in a clause for a person; undefined if it is complete.
 *
 * @param acceptsOld old data count as complete: no member has newer data, and the user has allowed that
 */
export function whyIncomplete(member: Member, acceptsOld = false): string | undefined {
  if (isOld(member) && !acceptsOld) {
    return 'was restarted before all that it held was on its disk, and may have old data';
  }
  const report = reportOf(member);
  if (report === undefined) return 'has not told its state yet';
  return isIncompleteState(report.state) ? incomplete[report.state] : undefined;
}

const incomplete: Record<IncompleteState, string> = {
  Empty: 'has no data',
  Cloning: 'is still being made a copy of the primary',
  Starting: 'is still starting',
};

/**
 * Complete: its running process has all that this member has ever acknowledged. Only such a member may lead, or prove a fence by
 * itself. That follows from its report alone: from the state, and from not being old. Its position shows whether it has all that
 * others have. Says nothing about durability.
 */
export const isComplete = (member: Member): boolean => whyIncomplete(member) === undefined;

/** Complete, or a program that does not report what it holds: nothing is known to be missing. */
export const lacksNothing = (member: Member): boolean =>
  reportOf(member) === undefined || isComplete(member);

/** Follows no leader and takes no writes, in this epoch or a later one. */
export const isFenced = (report: MemberReport | undefined, epoch: number): boolean =>
  report !== undefined &&
  report.epoch >= epoch &&
  report.state !== 'Leading' &&
  report.state !== 'Following' &&
  report.state !== 'Cloning';

/**
 * Well: healthy, and in its role according to its report; a member without a role is well if it is healthy. Planned changes
 * (update, switchover, move between zones) wait until all members are well.
 */
export const isWell = (member: Member) => isHealthy(member) && isSynced(member);

/**
 * Healthy as far as is known: inherited health counts until this process has a verdict of its own. For what must not change when the
 * operator is restarted: Services, conditions, counts in the status. Never for an election or a deletion.
 */
export const seemsHealthy = (member: Member) =>
  isHealthy(member) || (member.inheritsHealth === 'Healthy' && !hasEnded(member));

/** Well as far as is known: for the same purposes. */
export const seemsWell = (member: Member) => seemsHealthy(member) && isSynced(member);

/** Its health for status and messages. */
export function healthOf(
  member: Member,
): 'Unknown' | 'Healthy' | 'Unhealthy' | 'Dead' | 'Terminating' {
  if (!isLive(member)) return 'Terminating';
  if (hasEnded(member)) return 'Dead';
  if (seemsHealthy(member)) return 'Healthy';
  const verdict = member.inheritsHealth ?? member.health?.verdict ?? 'Unknown';
  // It answered, but has no address now.
  return verdict === 'Suspect' || verdict === 'Healthy' ? 'Unknown' : verdict;
}

/** The phase of a pod that has ended, and why it has, if the kubelet or another controller says so. */
export const describePhase = ({ phase, endedFor }: Member): string =>
  endedFor === undefined ? phase : `${phase}: ${endedFor}`;

/** What keeps it from being healthy, in a clause for a person. */
export function whyNotHealthy(member: Member): string {
  const { health, waiting } = member;
  if (!isLive(member)) return 'is being deleted';
  if (hasEnded(member)) return `has ended (phase ${describePhase(member)})`;
  // A program that hangs or answers wrongly runs: another container waits.
  const runs =
    health?.verdict === 'Unhealthy' || (health?.verdict === 'Dead' && health.cause === 'Silent');
  if (waiting && !runs) return `cannot start: ${waiting.reason}`;
  if (member.unschedulable !== undefined) return 'has no node';
  if (member.ip === undefined) return 'has no address yet';
  return health?.message ?? 'is not asked';
}

/** Healthy, and not well: what it lacks, in a clause for a person. */
export function whyNotInRole(member: Member): string {
  const report = reportOf(member);
  return isUnlinked(report)
    ? `answers, but has no link to ${report?.leader ?? 'its leader'}`
    : `answers, but neither leads nor follows (${report?.state ?? 'no report'})`;
}

/** The primary's pod, exactly the one that was elected; undefined if it is gone. */
export const primaryOf = (resource: Resource, members: Member[]): Member | undefined =>
  members.find((member) => member.uid === resource.status.primaryUID);

/**
 * The primary, if it has data in memory that its restart would lose: then only other members have them on their disks. Until they
 * are written no member is stopped or replaced on purpose. Undefined if the primary is durable, or not healthy.
 */
export function undurablePrimary(resource: Resource, members: Member[]): Member | undefined {
  const primary = primaryOf(resource, members);
  return primary !== undefined && isHealthy(primary) && !isDurable(primary) ? primary : undefined;
}
