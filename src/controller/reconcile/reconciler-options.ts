import type { Clock } from '../../lib/clock.ts';
import type { Observed } from '../../core/model/observed.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import type { HookRunner } from '../act/hook-runner.ts';
import type { ReconcileStates } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';

export interface ReconcilerOptions {
  client: KubeClient;
  stores: Stores;
  monitor: HeartbeatMonitor;
  hooks: HookRunner;
  memories: ReconcileStates;
  events: EventRecorder;
  connection: ApiServerHealth;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  operatorNode: string | undefined;
  unsafe: Observed['unsafe'];
  /** Image that pods take the agent from, where it is known. */
  agentImage: string | undefined;
  /** Look at the resource again, now. */
  enqueue: (key: string) => void;
}
