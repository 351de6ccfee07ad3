import { nameLabel } from '../api/labels.ts';
import { decide } from '../core/decide.ts';
import { resourcesOfService, serviceNames } from '../core/model/naming.ts';
import type { Observed } from '../core/model/observed.ts';
import { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import type { MonitorPorts } from '../heartbeat/ports.ts';
import type { Driver } from '../kube/api-request.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Store } from '../kube/store.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type AskSteadyState, SteadyStateProber } from './act/steady-state-prober.ts';
import { RoleCommandRunner } from './act/role-command-runner.ts';
import type { SendRoleCommand } from './act/send-role-command.ts';
import { Reconciler } from './reconcile/reconcile.ts';
import { ApiServerHealth } from './state/api-server-health.ts';
import { controllerOf } from './state/owner-references.ts';
import { ReconcileStates } from './state/reconcile-state.ts';
import { haServices } from './state/resource-type.ts';
import { LiveSettings } from './state/settings.ts';
import { Stores } from './state/stores.ts';
import { isUrgent } from './urgency.ts';
import { type OwnPod, watchApiServerHealth } from './watch-api-server-health.ts';
import { Workers, controller } from './workers.ts';

/**
 * How many resources are reconciled at the same time, besides as many whose failover is due. Role commands run outside of these workers,
 * so that a worker waits for the API server alone. The number is high because a webhook that does not answer delays each write in some
 * namespaces by as much as the time limit of a call.
 */
const concurrency = 64;
/** How long the reconciles that are under way may go on when the operator stops: a failover should not wait for the next process. */
const graceMs = 5_000;

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
>;

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
  /** The pod of this process, if it runs in one and has found it. */
  self?: OwnPod | undefined;
  /** Image that pods take the agent from: the operator's own. */
  agentImage?: string | undefined;
}

/**
 * The operator without the API server's watches and without the process: caches, heartbeats, the work queue, and the steps of a
 * reconcile. The operator runs it against a cluster, the simulator against a model of one. Its user fills `stores` and calls
 * `run` once, when all stores hold a complete list.
 */
export class ControlLoop {
  readonly stores = new Stores();
  readonly settings: LiveSettings;
  readonly monitor: HeartbeatMonitor;
  readonly #options: ControlLoopOptions;
  readonly #queue: WorkQueue;
  readonly #states = new ReconcileStates();
  readonly #apiServerHealth: ApiServerHealth;
  readonly #workers: Workers;

  constructor(options: ControlLoopOptions) {
    const { clock, log, metrics, namespace, random, heartbeatPorts } = options;
    this.#options = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      name: controller,
      metrics: metrics.workQueue(controller),
      isUrgent: (key) => isUrgent(key, this),
    });
    const enqueue = (key: string) => this.#queue.add(key);
    this.#apiServerHealth = new ApiServerHealth(clock, () => {
      this.monitor.restartSilence();
      this.#enqueueAll();
    });
    this.monitor = new HeartbeatMonitor({
      clock,
      log,
      metrics: metrics.heartbeat,
      mayGrant: (withinMs) => this.#apiServerHealth.mayGrant(withinMs),
      onChange: enqueue,
      ...(heartbeatPorts === undefined ? {} : { ports: heartbeatPorts }),
    });
    this.settings = new LiveSettings({
      namespace,
      store: this.stores.settings,
      events: options.events,
      log,
      metrics,
      onChange: () => this.#enqueueAll(),
    });
    const send = options.sendRoleCommand;
    const reconciler = new Reconciler({
      stores: this.stores,
      monitor: this.monitor,
      roleCommandRunner: new RoleCommandRunner({
        clock,
        send,
        onEnd: enqueue,
        monitor: this.monitor,
        metrics,
      }),
      steadyStateProber: new SteadyStateProber({
        clock,
        stores: this.stores,
        ask: options.askSteadyState,
        onEnd: enqueue,
      }),
      settings: this.settings,
      states: this.#states,
      events: options.events,
      apiServerHealth: this.#apiServerHealth,
      clock,
      log,
      metrics,
      decide: options.decide ?? decide,
      operatorNode: options.nodeName,
      unsafe: options.unsafe,
      agentImage: options.agentImage,
      enqueue,
    });
    this.#workers = new Workers({
      clock,
      log,
      metrics,
      drive: options.drive,
      reconcile: (key) => reconciler.reconcile(key),
      queue: this.#queue,
    });
    this.#enqueueOnChanges();
  }

  /** Checks every few seconds whether the API server answers, until the signal. To be called once, before `run`. */
  watchApiServerHealth(signal: AbortSignal): void {
    const { drive, clock, log, self } = this.#options;
    watchApiServerHealth(
      { drive, clock, log, self, apiServerHealth: this.#apiServerHealth },
      signal,
    );
  }

  /** Reconciles until the signal; then finishes the reconciles that are under way, within five seconds. */
  async run(signal: AbortSignal): Promise<void> {
    const endGrace = () => this.#options.clock.after(graceMs, () => this.#workers.stop());
    let cancel = () => {};
    signal.addEventListener('abort', () => (cancel = endGrace()), { once: true });
    await this.#queue.run({
      concurrency,
      signal,
      handler: (key, done) => this.#workers.run(key, done),
      onUrgent: (key) => this.#workers.preempt(key),
    });
    cancel();
  }

  close(): void {
    this.#states.close();
    this.monitor.close();
  }

  #enqueueOnChanges(): void {
    const { resources, services, slices, budgets, pods, claims } = this.stores;
    const { nodes, optedOutNamespaces } = this.stores;
    resources.onChange(({ type, object }) => {
      this.#queue.add(keyOf(object));
      // Another resource may have waited for a name that this one needed.
      const { namespace, name, deletionTimestamp } = object.metadata;
      if (type !== 'deleted' && deletionTimestamp === undefined) return;
      this.#enqueueNeeding(namespace, Object.values(serviceNames(name)), name);
    });
    for (const store of [pods, slices, budgets, claims] as Store<KubeObject>[]) {
      store.onChange(({ object, old }) => {
        for (const each of [object, old]) this.#enqueueNamed(each);
      });
    }
    services.onChange(({ object }) => {
      this.#enqueueNeeding(object.metadata?.namespace ?? '', [object.metadata?.name ?? '']);
    });
    nodes.onChange(({ object, old }) => {
      if (nodeFacts(object) !== nodeFacts(old)) this.#enqueueAll();
    });
    for (const store of [optedOutNamespaces, claims] as Store<KubeObject>[]) {
      store.completeness.onChange(() => this.#enqueueAll());
    }
    optedOutNamespaces.onChange(({ object }) => this.#enqueueAll(object.metadata?.name));
  }

  #enqueueNeeding(namespace: string, services: string[], except?: string): void {
    for (const name of new Set(services.flatMap(resourcesOfService))) {
      const isThere = this.stores.resources.get(namespace, name) !== undefined;
      if (isThere && name !== except) this.#queue.add(`${namespace}/${name}`);
    }
  }

  /** @param namespace Default: all of them. */
  #enqueueAll(namespace?: string): void {
    for (const resource of this.stores.resources.list()) {
      const isOfIt = namespace === undefined || resource.metadata.namespace === namespace;
      if (isOfIt) this.#queue.add(keyOf(resource));
    }
  }

  #enqueueNamed(object: KubeObject | undefined): void {
    const namespace = object?.metadata?.namespace ?? '';
    const owner = object === undefined ? undefined : controllerOf(object);
    const names = [
      object?.metadata?.labels?.[nameLabel],
      owner?.kind === haServices.kind ? owner.name : undefined,
    ];
    for (const name of new Set(names)) {
      if (name !== undefined) this.#queue.add(`${namespace}/${name}`);
    }
  }
}

const keyOf = (object: KubeObject) => `${object.metadata?.namespace}/${object.metadata?.name}`;

/** The parts of a node that a decision may depend on. The kubelet's heartbeats change a node every few seconds, and change no decision. */
const nodeFacts = (node: KubeObject | undefined): string => {
  const { spec, status } = (node ?? {}) as {
    spec?: { taints?: unknown; unschedulable?: boolean };
    status?: { conditions?: { type: string; status: string }[] };
  };
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([node?.metadata?.labels, spec?.taints, spec?.unschedulable, ready]);
};
