import type { Member, Resource } from '../../core/model/observed.ts';
import { earlierLeaseHolder } from '../observe/earlier-leader.ts';
import { monitorConfigOf, monitoredMembers } from '../observe/monitored-members.ts';
import { mayGrant } from '../operator-lease/granted-by.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';

interface Context extends Pick<ReconcilerOptions, 'monitor' | 'stores' | 'activity'> {
  state: ReconcileState;
}

/** The operator that acts hears these members from now on, tells them what they must know, and grants leases to the one that may lead. */
export function hearMembers(
  key: string,
  resource: Resource,
  members: Member[],
  context: Context,
): void {
  const { monitor, activity, state } = context;
  const reports = members.map(({ uid }) => monitor.health(key, uid)?.report);
  const earlier = earlierLeaseHolder(key, resource, members, context);
  // An election that is not answered may be written: then the lease of the former primary is counted from the moment of that.
  const grants = mayGrant(activity, resource) && state.unansweredElection === undefined;
  const config = monitorConfigOf(resource, members, reports, earlier, grants);
  monitor.setMembers(key, monitoredMembers(resource, members), config);
  noteFencing(context, resource);
}

/** See Grants.fencing. */
export function noteFencing(
  { monitor, activity: { identity } }: Pick<ReconcilerOptions, 'monitor' | 'activity'>,
  { status: { primaryUID, fencing, grantedBy } }: Resource,
): void {
  if (primaryUID !== undefined) {
    monitor.fencing(primaryUID, fencing?.epoch, grantedBy === identity);
  }
}
