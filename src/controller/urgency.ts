import type { HAService } from '../api/haservice.ts';
import type { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import type { Stores } from './state/stores.ts';

export interface UrgencyContext {
  stores: Pick<Stores, 'resources' | 'pods'>;
  monitor: Pick<HeartbeatMonitor, 'health'>;
}

/**
 * Whether clients wait for the reconcile of a resource: its failover is due or under way, or Services still name a member that is known to
 * have failed. Such a resource is reconciled by workers that no other resource can hold. Creating, updating and reporting may wait.
 *
 * It is asked at each change of a heartbeat or of an object, so that it only looks a few things up.
 */
export function isUrgent(key: string, { stores, monitor }: UrgencyContext): boolean {
  const [namespace = '', name = ''] = key.split('/');
  const { spec, status } = stores.resources.get(namespace, name) ?? {};
  if (status === undefined) return false;
  const { fencing, primary, primaryUID } = status;
  if (fencing !== undefined) return true;
  const fails = (uid: string) => {
    const verdict = monitor.health(key, uid)?.verdict;
    return verdict === 'Dead' || verdict === 'Unhealthy';
  };
  if (primary !== undefined && primaryUID !== undefined) {
    const pod = stores.pods.get(namespace, primary);
    const isGone =
      pod?.metadata?.uid !== primaryUID || pod.metadata.deletionTimestamp !== undefined;
    return isGone || fails(primaryUID) || !isReady(status);
  }
  const { topology } = (spec ?? {}) as { topology?: unknown };
  return topology === 'ActiveActive' && (status.members ?? []).some(({ uid }) => fails(uid));
}

/** A failover that was committed is not over until the Service points at the new primary. */
const isReady = ({ conditions = [] }: NonNullable<HAService['status']>): boolean =>
  conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
