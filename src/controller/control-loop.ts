import { nameLabel } from '../api/labels.ts';
import { decide } from '../core/decide.ts';
import { resourcesOfService, serviceNames } from '../core/model/naming.ts';
import { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Store } from '../kube/store.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import { SteadyStateProber } from './act/steady-state-prober.ts';
import { RoleCommandRunner } from './act/role-command-runner.ts';
import type { ControlLoopOptions } from './control-loop-options.ts';
import { alwaysActive } from './operator-lease/activity.ts';
import { OperatorLease } from './operator-lease/operator-lease.ts';
import { Reconciler } from './reconcile/reconcile.ts';
import { ApiServerHealth } from './state/api-server-health.ts';
import { controllerOf } from './state/owner-references.ts';
import { ReconcileStates } from './state/reconcile-state.ts';
import { haServices } from './state/resource-type.ts';
import { LiveSettings } from './state/settings.ts';
import { Stores } from './state/stores.ts';
import { isUrgent } from './urgency.ts';
import { watchApiServerHealth } from './watch-api-server-health.ts';
import { Workers, controller } from './workers.ts';

/**
 * How many resources are reconciled at the same time, besides as many whose failover is due. Role commands run outside of these workers,
 * so that a worker waits for the API server alone. The number is high because a webhook that does not answer delays each write in some
 * namespaces by as much as the time limit of a call.
 */
const concurrency = 64;
/** How long the reconciles that are under way may go on when the operator stops: a failover should not wait for the next process. */
const graceMs = 5_000;

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
  /** Resolves when this process has handed over, after `close`. */
  readonly released: Promise<void>;
  #markReleased = () => {};
  /** Undefined: this process is the only one. */
  readonly #operatorLease: OperatorLease | undefined;

  constructor(options: ControlLoopOptions) {
    const { clock, log, metrics, namespace, random, heartbeatPorts } = options;
    this.#options = options;
    this.released = new Promise((resolve) => (this.#markReleased = resolve));
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
    this.#operatorLease = this.#createOperatorLease();
    const activity = this.#operatorLease ?? alwaysActive;
    metrics.operatorActive(activity.isActive);
    this.monitor = new HeartbeatMonitor({
      clock,
      log,
      metrics: metrics.heartbeat,
      mayGrant: (withinMs) => activity.isActive && this.#apiServerHealth.mayGrant(withinMs),
      onChange: enqueue,
      ...(heartbeatPorts === undefined ? {} : { ports: heartbeatPorts }),
    });
    this.settings = new LiveSettings({
      namespace,
      store: this.stores.settings,
      events: {
        record: (...event) => {
          if (activity.isActive) options.events.record(...event);
        },
      },
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
      activity,
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
      mayWrite: () => activity.mayWrite(),
      reconcile: (key) => reconciler.reconcile(key),
      queue: this.#queue,
    });
    this.#enqueueOnChanges();
  }

  /** Checks every few seconds whether the API server answers, until the signal. To be called once, before `run`. */
  watchApiServerHealth(signal: AbortSignal): void {
    const { drive, clock, log } = this.#options;
    const isSole = this.#operatorLease === undefined;
    watchApiServerHealth(
      { drive, clock, log, isSole, apiServerHealth: this.#apiServerHealth },
      signal,
    );
  }

  /** Whether this process acts, and is no standby. */
  get isActive(): boolean {
    return (this.#operatorLease ?? alwaysActive).isActive;
  }

  /**
   * Takes part in the choice of the operator that acts, and reconciles, until the signal; then finishes the reconciles that are under way,
   * within five seconds.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#operatorLease?.start();
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

  /** After `run`: from now on nothing leaves this process. Then it hands over to a standby, if it acts. */
  close(): void {
    this.#states.close();
    this.monitor.close();
    const release = this.#operatorLease?.close();
    if (release === undefined) this.#markReleased();
    else this.#options.drive(release(), new AbortController().signal, () => this.#markReleased());
  }

  #createOperatorLease(): OperatorLease | undefined {
    const { drive, clock, log, candidate, onLost, metrics } = this.#options;
    if (candidate === undefined) return undefined;
    return new OperatorLease({
      ...{ drive, clock, log, ...candidate, onLost },
      store: this.stores.leases,
      apiServerHealth: this.#apiServerHealth,
      onTaken: (earlier) => {
        this.monitor.takenOver(earlier);
        metrics.operatorActive(true);
        this.settings.tellProblem();
        this.#enqueueAll();
      },
      onConfirmed: () => this.#enqueueAll(),
      onAlert: () => this.#enqueueAll(),
    });
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
