import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member, Resource } from './observed.ts';

/** Counted as a member: not on its way out. */
export const isLive = (member: Member) => member.deletionAtMs === undefined;

export const hasEnded = (member: Member) =>
  member.phase === 'Failed' || member.phase === 'Succeeded';

/** Heard by this very process. Suspect counts as healthy: a missed beat is no verdict yet. */
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

/** What it holds survives its own restart. Only such a one may be chosen by a planned change. */
export const isDurable = (member: Member): boolean => reportOf(member)?.durable !== false;

/**
 * It was restarted before what it held was on its disk: what it holds now may be older than what it has acknowledged. It is
 * never trusted alone.
 */
export const isOld = (member: Member): boolean =>
  !isDurable(member) && reportOf(member)?.position === undefined;

/** Follows nobody and takes no writes, in this epoch or a later one. */
export const isFenced = (report: MemberReport | undefined, epoch: number): boolean =>
  report !== undefined &&
  report.epoch >= epoch &&
  report.state !== 'Leading' &&
  report.state !== 'Following' &&
  report.state !== 'Cloning';

/** Heard by this very process, and in its role. */
export const isWell = (member: Member) => isHealthy(member) && isSynced(member);

/** Healthy as far as is known: the word of the operator's last process counts, until this one has its own. */
export const seemsHealthy = (member: Member) =>
  isHealthy(member) || (member.presumed === true && !hasEnded(member));

/** Healthy as far as is known, and in its role. */
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
