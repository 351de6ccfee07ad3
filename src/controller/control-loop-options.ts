import type { decide } from '../core/decide.ts';
import type { Observed } from '../core/model/observed.ts';
import type { MonitorPorts } from '../heartbeat/ports.ts';
import type { Driver } from '../kube/api-request.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { SendRoleCommand } from './act/send-role-command.ts';
import type { AskSteadyState } from './act/steady-state-prober.ts';
import type { OperatorLeaseOptions } from './operator-lease/operator-lease-options.ts';

export type ControlLoopMetrics = Pick<
  Metrics,
  | 'workQueue'
  | 'reconcileStarted'
  | 'reconcileEnded'
  | 'setService'
  | 'forgetService'
  | 'failover'
  | 'failoverPhase'
  | 'expectExperiments'
  | 'experiment'
  | 'hookCalled'
  | 'heartbeat'
  | 'settingsValid'
  | 'operatorActive'
>;

/** A process that can be the operator that acts. */
export interface Candidate extends Pick<
  OperatorLeaseOptions,
  'instance' | 'nonce' | 'address' | 'watchEnd'
> {
  namespace: string;
}

/**
 * What a control loop needs from outside. The operator passes a real API server, network and clock; the simulator passes models of
 * them. Each port is called often, at any time between `new ControlLoop` and `close()`, and may be called again for the same
 * thing. Only the requests that `drive` answers, and `sendRoleCommand`, report errors, both by their `done`: the loop logs them
 * and tries again later. Every other port must not throw.
 */
export interface ControlLoopOptions {
  /** Answers the requests to the API server: see Driver. Up to 128 reconciles and the health check are driven at the same time. */
  drive: Driver;
  /** Sends a hook or an order to a member: see SendRoleCommand. */
  sendRoleCommand: SendRoleCommand;
  /** Sends the request of chaos.steadyState: see AskSteadyState. */
  askSteadyState: AskSteadyState;
  /** Receives an Event each time when one happens; it merges repetitions by itself. */
  events: Pick<EventRecorder, 'record'>;
  clock: Clock;
  /** A number from 0 up to 1, for the waits of the work queue. */
  random: () => number;
  log: Log;
  metrics: ControlLoopMetrics;
  /** Default: the machine's own. */
  heartbeatPorts?: MonitorPorts;
  /** Default: the shipped decisions. A test passes wrong ones, to see that its checker finds them. */
  decide?: typeof decide;
  /** Namespace of this process, if it runs in a pod: its settings are there. */
  namespace: string | undefined;
  /** Node that this process runs on, if it is known. */
  nodeName: string | undefined;
  /** For tests alone: see Observed. */
  unsafe?: Observed['unsafe'] | undefined;
  /** How this process takes part in the choice of the operator that acts. Absent: it is the only one, as it does not run in a pod. */
  candidate?: Candidate | undefined;
  /** Another operator acts: this process is to end. */
  onLost: () => void;
  /** Image that pods take the agent from: the operator's own. */
  agentImage?: string | undefined;
}
