import type { Clock } from '../../lib/clock.ts';
import type { HAService } from '../../api/haservice.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { LiveSettings } from '../state/settings.ts';
import type { Log } from '../../lib/log.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { RoleCommandRunner } from './role-command-runner.ts';
import type { SteadyStateProber } from './steady-state-prober.ts';
import type { Stores } from '../state/stores.ts';

/**
 * What an action is executed with. The reconciler builds one context for each pass; nothing in it is kept beyond the pass, except
 * by `roleCommandRunner` and `state`, which outlive it.
 */
export interface ExecuteContext {
  /** The caches. Each write is stored there at once, so that the next pass sees it. */
  stores: Stores;
  /** Where the operator's settings are. */
  settings: Pick<LiveSettings, 'ref'>;
  /** Gives role commands outside of the reconcile: `start` returns at once and never throws. */
  roleCommandRunner: RoleCommandRunner;
  /** Sends the request of chaos.steadyState outside of the reconcile: `start` returns at once and never throws. */
  steadyStateProber: Pick<SteadyStateProber, 'start'>;
  /** Is called once for each pod that this process creates. */
  monitor: Pick<HeartbeatMonitor, 'podCreated'>;
  clock: Clock;
  log: Log;
  key: string;
  /** Reconciles the resource again, as soon as a worker is free. */
  enqueue: (key: string) => void;
  resource: Resource;
  /** The stored object that the decision was made on. */
  object: HAService;
  /** Remembers what was put off, and which foreign pods were found. */
  state: ReconcileState;
}
