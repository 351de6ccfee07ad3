import type { Status } from '../../api/status.ts';
import { acksOf, inForce } from '../failover/sync-sets.ts';
import { hasQuorum, needsLease } from '../model/capabilities.ts';
import { problemsOf, reportOf } from '../model/member.ts';
import type { Member, Resource } from '../model/observed.ts';

/**
 * What holds for the writes that the primary acknowledges now, whatever the spec says since a moment ago. Strong: it waits for followers
 * that a later failover will ask, or its lease ends it; and no setting of the program makes exceptions.
 */
export function consistencyOf(
  resource: Resource,
  primary: Member | undefined,
): Pick<Status, 'consistency'> {
  const { spec, status } = resource;
  if (primary === undefined) return {};
  if (needsLease(spec)) {
    return { consistency: primary.leaseMs === undefined ? 'Eventual' : 'Strong' };
  }
  const report = reportOf(primary);
  if (problemsOf(report).some(({ reason }) => reason === 'WeakSettings')) {
    return { consistency: 'Eventual' };
  }
  const asksFollowers = (report?.sync?.acks ?? 0) > 0;
  if (!hasQuorum(spec)) return { consistency: asksFollowers ? 'Strong' : 'Eventual' };
  // Its report has not come, or it is about to lead: what held before, holds.
  if (report?.state !== 'Leading') {
    return status.consistency === undefined ? {} : { consistency: status.consistency };
  }
  const { syncSets = [] } = status;
  // One set that asks nobody: no other member exists that may lead.
  const isAlone = acksOf(spec.replicas) === 0 || (syncSets.length === 1 && syncSets[0]?.acks === 0);
  // An empty set beside the others: nobody but the leader is known to hold what was written before.
  const isStrong = isAlone
    ? inForce(resource, report.sync)
    : asksFollowers && syncSets.length > 0 && syncSets.every(({ acks }) => acks > 0);
  return { consistency: isStrong ? 'Strong' : 'Eventual' };
}
