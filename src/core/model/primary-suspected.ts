import { isHealthy, isUnlinked, reportOf } from './member.ts';
import type { Member, Observed } from './observed.ts';

/**
 * How long the slices for reads wait if the primary is suspected: a failover takes less. kube-proxy applies changes at most once a
 * second (its minSyncPeriod), so that a slice for reads that is written just before the write Service's would delay that one by most
 * of a second. Milliseconds.
 */
export const readsWaitMs = 500;

/**
 * Whether the primary behind the write Service may be about to be replaced: it is not healthy, or one of its followers has lost the
 * link to it. Followers often notice that first, one of them a heartbeat before the other.
 */
export function isPrimarySuspected(
  { members, writeEndpoints }: Pick<Observed, 'members' | 'writeEndpoints'>,
  primary: Member | undefined,
): boolean {
  if (primary === undefined || writeEndpoints?.includes(primary.uid) !== true) return false;
  if (!isHealthy(primary)) return true;
  return members.some((member) => isHealthy(member) && isUnlinked(reportOf(member)));
}
