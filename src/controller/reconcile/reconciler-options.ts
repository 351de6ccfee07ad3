import type { decide } from '../../core/decide.ts';
import type { Observed } from '../../core/model/observed.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { RoleCommandRunner } from '../act/role-command-runner.ts';
import type { ReconcileMetrics } from '../record/record-metrics.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import type { ReconcileStates } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';

export interface ReconcilerOptions {
  stores: Stores;
  monitor: Pick<
    HeartbeatMonitor,
    'setMembers' | 'remove' | 'podCreated' | 'health' | 'leaseEndsInMs'
  >;
  roleCommandRunner: RoleCommandRunner;
  states: ReconcileStates;
  events: Pick<EventRecorder, 'record'>;
  apiServerHealth: ApiServerHealth;
  clock: Clock;
  log: Log;
  metrics: ReconcileMetrics;
  /** The pure core; the simulator gives it one that is broken on purpose. */
  decide: typeof decide;
  operatorNode: string | undefined;
  unsafe: Observed['unsafe'];
  /** Image that pods take the agent from, if it is known. */
  agentImage: string | undefined;
  /** Look at the resource again, now. */
  enqueue: (key: string) => void;
}
