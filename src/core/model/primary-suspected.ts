import { isHealthy, isUnlinked, reportOf } from './member.ts';
import type { Member, Observed } from './observed.ts';

/**
 * For so long do the slices of reads wait where the primary seems to be in trouble: a failover takes less. kube-proxy
 * writes its rules at most once a second (its minSyncPeriod), so that a slice of reads that is written just before the
 * write Service's would hold that up by most of a second. Milliseconds.
 */
export const readsWaitMs = 500;

/**
 * Whether the primary that stands behind the write Service may be about to be replaced: it is heard no more, or one of
 * those that follow it has lost it. They often know first, one a heartbeat before the other.
 */
export function isPrimarySuspected(
  { members, writeEndpoints }: Pick<Observed, 'members' | 'writeEndpoints'>,
  primary: Member | undefined,
): boolean {
  if (primary === undefined || writeEndpoints?.includes(primary.uid) !== true) return false;
  if (!isHealthy(primary)) return true;
  return members.some((member) => isHealthy(member) && isUnlinked(reportOf(member)));
}
