import type { SyncSet } from '../../protocol/member-protocol.ts';
import { countsByName, hasQuorum } from '../model/capabilities.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { currentSet } from './sync-sets.ts';

/**
 * The set as the leader is ordered to use it. If the leader counts any replica, it must admit members alone, which it knows by their
 * user: so no other replica acknowledges a write. A member of an earlier version does not know that user, and could not follow then.
 */
export function orderedSet(resource: Resource, { members }: Observed): SyncSet | undefined {
  const set = currentSet(resource);
  if (!hasQuorum(resource.spec) || set === undefined) return undefined;
  const isExclusive =
    !countsByName(resource.spec) &&
    members.every(({ contract }) => contract?.replicationUser === true);
  return isExclusive ? { ...set, exclusive: true } : set;
}

/**
 * The leader admits replicas as it should: members alone, or anybody. An order that changes that also frees a leader in Eventual from
 * its acknowledgements, and comes only when the status has no sync set any more: until then a failover may depend on them.
 */
export function admitsAsWished(
  resource: Resource,
  observed: Observed,
  reported: SyncSet | undefined,
): boolean {
  if (!hasQuorum(resource.spec) && (resource.status.syncSets ?? []).length > 0) return true;
  const wished = orderedSet(resource, observed);
  return (wished?.exclusive ?? false) === (reported?.exclusive ?? false);
}
