import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { OrderKind } from '../protocol/member-protocol.ts';
import type { HookKind } from '../api/engine-spec.ts';
import type { ExperimentVerdict } from '../api/chaos-status.ts';
import type { FailoverTrigger, MemberStatus } from '../api/status.ts';
import type { MonitorMetrics } from '../heartbeat/health.ts';
import type { ClientMetrics, WorkQueueMetrics } from '../kube/metrics.ts';

export interface ServiceKey {
  namespace: string;
  name: string;
}

export type ReconcileResult = 'success' | 'error' | 'requeue' | 'requeue_after';

type Health = MemberStatus['health'];

const healths = Object.keys({
  Unknown: true,
  Healthy: true,
  Unhealthy: true,
  Dead: true,
  Terminating: true,
} satisfies Record<Health, true>);

const noMembers = Object.fromEntries(healths.map((health) => [health, 0]));

const triggers = Object.keys({
  Crash: true,
  Silent: true,
  Unhealthy: true,
  PodGone: true,
  Restarted: true,
  DataLost: true,
  Isolated: true,
  Switchover: true,
  Stopped: true,
  TooHighEpoch: true,
  PromoteFailed: true,
} satisfies Record<FailoverTrigger, true>);

const verdicts = Object.keys({
  Passed: true,
  Failed: true,
  Refused: true,
  Aborted: true,
  Unknown: true,
} satisfies Record<ExperimentVerdict, true>);

/** Bucket bounds of controller-runtime's reconcile histogram, without the fine steps, in seconds. */
const reconcileBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** client-go's: powers of ten, from a microsecond, in seconds. */
const queueBuckets = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100];
const roundTripBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const recoveryBuckets = [0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];
const phaseBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * All metrics of the operator. Created once; each part of the operator reports by the methods here, which never throw. Names of
 * the ecosystem (controller-runtime, client-go) are used if there are any; the project's own begin with `haservice_`. Times are
 * passed in milliseconds and exported in seconds.
 */
export class Metrics {
  readonly #registry = new Registry();

  readonly #reconciles = this.#counter(
    'controller_runtime_reconcile_total',
    'Reconciliations, by controller and result.',
    ['controller', 'result'],
  );
  readonly #reconcileTime = this.#histogram(
    'controller_runtime_reconcile_time_seconds',
    'Time of one reconciliation.',
    reconcileBuckets,
    ['controller'],
  );
  readonly #activeWorkers = this.#gauge(
    'controller_runtime_active_workers',
    'Reconciliations that are running.',
    ['controller'],
  );
  readonly #depth = this.#gauge('workqueue_depth', 'Keys that wait.', ['name']);
  readonly #adds = this.#counter('workqueue_adds_total', 'Keys that were added.', ['name']);
  readonly #retries = this.#counter('workqueue_retries_total', 'Retries after errors.', ['name']);
  readonly #queueTime = this.#histogram(
    'workqueue_queue_duration_seconds',
    'How long a key waits before it is worked on.',
    queueBuckets,
    ['name'],
  );
  readonly #workTime = this.#histogram(
    'workqueue_work_duration_seconds',
    'How long the work on a key takes.',
    queueBuckets,
    ['name'],
  );
  readonly #requests = this.#counter(
    'rest_client_requests_total',
    'Requests to the API server, by status code and method.',
    ['code', 'method'],
  );
  readonly #failovers = this.#counter(
    'haservice_failovers_total',
    'Changes of the primary, by trigger.',
    ['namespace', 'name', 'trigger'],
  );
  readonly #failoverTime = this.#histogram(
    'haservice_failover_duration_seconds',
    'Time of each phase of a failover.',
    phaseBuckets,
    ['phase'],
  );
  readonly #experiments = this.#counter(
    'haservice_chaos_experiments_total',
    'Experiments, by verdict.',
    ['namespace', 'name', 'verdict'],
  );
  readonly #recoveryTime = this.#histogram(
    'haservice_chaos_recovery_seconds',
    'Time from the kill of an experiment until all members are healthy again, in their roles.',
    recoveryBuckets,
    ['namespace', 'name'],
  );
  readonly #heartbeats = this.#counter(
    'haservice_heartbeats_total',
    'Heartbeats of the members, by result.',
    ['result'],
  );
  readonly #roundTrip = this.#histogram(
    'haservice_heartbeat_rtt_seconds',
    'Round-trip time of successful heartbeats.',
    roundTripBuckets,
  );
  readonly #members = this.#gauge('haservice_members', 'Members, by health.', [
    'namespace',
    'name',
    'verdict',
  ]);
  readonly #epoch = this.#gauge('haservice_epoch', 'Epoch: the changes of the primary so far.', [
    'namespace',
    'name',
  ]);
  readonly #stall = this.#counter(
    'haservice_operator_stall_seconds_total',
    'Time in which the operator itself was stalled; it does not count against members.',
  );
  readonly #settingsValid = this.#gauge(
    'haservice_settings_valid',
    'Whether the present settings of the operator are valid: 1, or 0 if they are wrong and the last good ones hold.',
  );
  readonly #hookCalls = this.#counter(
    'haservice_hook_calls_total',
    'Hooks and orders that tell members their roles, by result: ok or an error code.',
    ['action', 'result'],
  );

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
    this.settingsValid(true);
  }

  /** For HeartbeatMonitor. */
  readonly heartbeat: MonitorMetrics = {
    heartbeat: (result) => this.#heartbeats.inc({ result }),
    roundTrip: (ms) => this.#roundTrip.observe(ms / 1_000),
    stalled: (ms) => this.#stall.inc(ms / 1_000),
  };

  /** Metrics of one work queue. */
  workQueue(name: string): WorkQueueMetrics {
    return {
      added: () => this.#adds.inc({ name }),
      depth: (keys) => this.#depth.set({ name }, keys),
      waited: (ms) => this.#queueTime.observe({ name }, ms / 1_000),
      worked: (ms) => this.#workTime.observe({ name }, ms / 1_000),
      retried: () => this.#retries.inc({ name }),
    };
  }

  /** Metrics of the client of the API server. */
  readonly client: ClientMetrics = {
    request: (method, code) => this.#requests.inc({ code, method }),
  };

  reconcileStarted(controller: string): void {
    this.#activeWorkers.inc({ controller });
  }

  reconcileEnded(controller: string, result: ReconcileResult, ms: number): void {
    this.#activeWorkers.dec({ controller });
    this.#reconciles.inc({ controller, result });
    this.#reconcileTime.observe({ controller }, ms / 1_000);
  }

  failover(service: ServiceKey, trigger: FailoverTrigger): void {
    this.#failovers.inc({ ...labelsOf(service), trigger });
  }

  /** @param phase detect, elect, promote, repoint, firstSuccess or total. */
  failoverPhase(phase: string, ms: number): void {
    this.#failoverTime.observe({ phase }, ms / 1_000);
  }

  /** Each verdict has a count from the beginning: without a 0 before it, `increase` does not see the first Failed. */
  expectExperiments(service: ServiceKey): void {
    for (const verdict of verdicts) this.#experiments.inc({ ...labelsOf(service), verdict }, 0);
  }

  /** @param recoveryMs absent if the service has not recovered, or nothing was killed. */
  experiment(
    service: ServiceKey,
    verdict: ExperimentVerdict,
    recoveryMs: number | undefined,
  ): void {
    this.#experiments.inc({ ...labelsOf(service), verdict });
    if (recoveryMs !== undefined) this.#recoveryTime.observe(labelsOf(service), recoveryMs / 1_000);
  }

  /** @param result `ok` or the code of the error. */
  hookCalled(action: OrderKind | HookKind, result: string): void {
    this.#hookCalls.inc({ action, result });
  }

  settingsValid(isValid: boolean): void {
    this.#settingsValid.set(isValid ? 1 : 0);
  }

  /** The current state of a service. The count of a health that is missing is 0. */
  setService(
    service: ServiceKey,
    epoch: number,
    members: Readonly<Partial<Record<Health, number>>>,
  ): void {
    const labels = labelsOf(service);
    this.#epoch.set(labels, epoch);
    for (const [verdict, count] of Object.entries({ ...noMembers, ...members })) {
      this.#members.set({ ...labels, verdict }, count);
    }
  }

  /** Removes the label sets of a deleted service, so that they do not accumulate. */
  forgetService(service: ServiceKey): void {
    const labels = labelsOf(service);
    this.#epoch.remove(labels);
    for (const verdict of healths) this.#members.remove({ ...labels, verdict });
    for (const trigger of triggers) this.#failovers.remove({ ...labels, trigger });
    for (const verdict of verdicts) this.#experiments.remove({ ...labels, verdict });
    this.#recoveryTime.remove(labels);
  }

  /** The text of GET /metrics, and its content type. */
  async expose(): Promise<{ contentType: string; text: string }> {
    return { contentType: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[] = []) {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string>(name: string, help: string, labelNames: Label[] = []) {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: Label[] = [],
  ) {
    return new Histogram({ name, help, buckets, labelNames, registers: [this.#registry] });
  }
}

/** Only the labels: the caller's object may hold more. */
const labelsOf = ({ namespace, name }: ServiceKey) => ({ namespace, name });
