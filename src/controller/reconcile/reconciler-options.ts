import type { decide } from '../../core/decide.ts';
import type { Observed } from '../../core/model/observed.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { RoleCommandRunner } from '../act/role-command-runner.ts';
import type { SteadyStateProber } from '../act/steady-state-prober.ts';
import type { ReconcileMetrics } from '../record/record-metrics.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import type { ReconcileStates } from '../state/reconcile-state.ts';
import type { LiveSettings } from '../state/settings.ts';
import type { Stores } from '../state/stores.ts';

/**
 * What a reconcile reads and calls. The control loop builds it once; all reconciles share it, and up to 64 of them run at the same
 * time. Each port may be called in every pass of every reconcile, and again after a failure. None of them may throw: requests
 * to the API server are not made here, but yielded as steps, and fail there with an HAError.
 */
export interface ReconcilerOptions {
  /** The caches. They must hold complete lists before the first reconcile; a reconcile stores its own writes there. */
  stores: Stores;
  /** `setMembers` is called in each pass, before anything is read from the monitor; `remove` when the resource is gone. */
  monitor: Pick<
    HeartbeatMonitor,
    'setMembers' | 'remove' | 'podCreated' | 'health' | 'leaseEndsInMs'
  >;
  /** Gives role commands outside of the reconcile, and enqueues the resource when one has ended. */
  roleCommandRunner: RoleCommandRunner;
  /** Sends the request of chaos.steadyState outside of the reconcile. */
  steadyStateProber: Pick<SteadyStateProber, 'start'>;
  /** The operator's settings, as they are now. */
  settings: Pick<LiveSettings, 'ref' | 'known' | 'current' | 'problem'>;
  /** What this process remembers of each resource, by its UID. */
  states: ReconcileStates;
  /** Receives the Events of what was done, after the write that they report. */
  events: Pick<EventRecorder, 'record'>;
  /** Is told of each answer and each failure of the API server. */
  apiServerHealth: ApiServerHealth;
  clock: Clock;
  log: Log;
  metrics: ReconcileMetrics;
  /** The pure core. Tests of the simulator pass a version that is wrong on purpose. */
  decide: typeof decide;
  operatorNode: string | undefined;
  unsafe: Observed['unsafe'];
  /** Image that pods take the agent from, if it is known. */
  agentImage: string | undefined;
  /** Reconciles the resource again, as soon as a worker is free. */
  enqueue: (key: string) => void;
}
