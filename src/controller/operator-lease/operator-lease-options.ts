import type { Earlier } from '../../heartbeat/grants.ts';
import type { Driver } from '../../kube/api-request.ts';
import type { Lease } from '../../kube/api-types.ts';
import type { Store } from '../../kube/store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import type { WatchEnd } from './holder-end.ts';

export interface OperatorLeaseOptions {
  drive: Driver;
  clock: Clock;
  log: Log;
  namespace: string;
  /** Name of the pod; the identity is unique for each process. */
  instance: string;
  /** Unique for this process. */
  nonce: string;
  /** Where this process serves its metrics: see addressAnnotation. */
  address?: string | undefined;
  /** The Lease alone, filled by a watch. */
  store: Store<Lease>;
  apiServerHealth: Pick<ApiServerHealth, 'confirmed' | 'failed'>;
  watchEnd?: WatchEnd | undefined;
  /** This process acts from now on. Called once. */
  onTaken: (earlier: Earlier) => void;
  /** This process may write again: the Lease is renewed. */
  onConfirmed: () => void;
  /** `isAlert` has changed. */
  onAlert: () => void;
  /** Another operator has taken the Lease: this process must end. Called once. */
  onLost: () => void;
}
