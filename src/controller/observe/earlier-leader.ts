import { inheritHealth } from '../../core/model/inherited-health.ts';
import { reportOf } from '../../core/model/member.ts';
import type { Member, Observed, Resource } from '../../core/model/observed.ts';
import { earlierEndpoint } from '../../core/resources/earlier-endpoint.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';
import { endpointsSeen } from './endpoints-view.ts';
import type { ObserveContext } from './observe.ts';

interface Context {
  monitor: Pick<ObserveContext['monitor'], 'health'>;
  stores: Stores;
  state: Pick<ReconcileState, 'earlierLease' | 'unansweredElection'>;
}

/**
 * Before the first election: the UID of the member that is to keep its lease, as it leads on behind the write Service (see
 * earlierEndpoint). It must say itself that it leads; and no election may be under way, which may count on the end of its lease.
 * Notes in the state who may have a lease: another member is elected only when that one has ended.
 */
export function earlierLeaseHolder(
  key: string,
  resource: Resource,
  members: Member[],
  { monitor, stores, state }: Context,
): string | undefined {
  if (resource.status.primaryUID !== undefined) {
    state.earlierLease = undefined;
    return undefined;
  }
  const heard = members.map((member) => {
    const health = monitor.health(key, member.uid);
    return health === undefined ? member : { ...member, health };
  });
  const seen = endpointsSeen(resource, members, stores);
  const observed = { ...seen, members: inheritHealth(resource, { ...seen, members: heard }) };
  const leader = earlierEndpoint(resource, observed satisfies Partial<Observed>);
  if (leader?.leaseMs === undefined) return undefined;
  state.earlierLease = { uid: leader.uid, leaseMs: leader.leaseMs };
  const says = reportOf(leader)?.state === 'Leading';
  return says && state.unansweredElection === undefined ? leader.uid : undefined;
}
