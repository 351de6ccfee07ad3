import { nameLabel } from '../api/labels.ts';
import type { Clock } from '../lib/clock.ts';
import { resourcesOfService } from '../core/model/naming.ts';
import type { Observed } from '../core/model/observed.ts';
import { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import type { KubeClient } from '../kube/client.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import { Reflector } from '../kube/reflector.ts';
import {
  type ResourceType,
  endpointSlices,
  nodes,
  podDisruptionBudgets,
  pods,
  services,
} from '../kube/resources.ts';
import type { Store } from '../kube/store.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { WorkQueue } from '../kube/work-queue.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { ApiServerHealth } from './state/api-server-health.ts';
import { HookRunner } from './act/hook-runner.ts';
import { type OwnPod, watchApiServerHealth } from './watch-api-server-health.ts';
import { ReconcileStates } from './state/reconcile-state.ts';
import { controllerOf } from './state/owner-references.ts';
import { Reconciler } from './reconcile/reconcile.ts';
import { haServices } from './state/resource-type.ts';
import { Stores } from './state/stores.ts';

const controller = 'haservice';
/**
 * Resources that are worked on at a time: hooks run beside them, so a worker only waits for the API server. Many, as a webhook
 * that is gone holds up each write of some namespaces for as long as a call may take.
 */
const concurrency = 64;
/** How long what is under way may go on when the operator stops: a failover should not wait for the next process. */
const graceMs = 5_000;

export interface OperatorOptions {
  client: KubeClient;
  clock: Clock;
  random: () => number;
  log: Log;
  metrics: Metrics;
  /** Node that this process runs on, where it is known. */
  nodeName: string | undefined;
  /** For tests alone: see Observed. */
  unsafe?: Observed['unsafe'] | undefined;
  /** Name of this process in Events. */
  instance: string;
  /** Where it runs in a pod, and knows which. */
  self?: OwnPod | undefined;
  /** Image that pods take the agent from: its own. */
  agentImage?: string | undefined;
}

/** The whole operator but its process: caches, heartbeats, and the loop that joins them. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #stores = new Stores();
  readonly #queue: WorkQueue;
  readonly #monitor: HeartbeatMonitor;
  readonly #memories = new ReconcileStates();
  readonly #connection: ApiServerHealth;
  readonly #events: EventRecorder;
  readonly #reflectors: { reflector: Reflector<KubeObject>; kind: string }[] = [];
  readonly #reconciler: Reconciler;

  constructor(options: OperatorOptions) {
    const { client, clock, log, metrics, random, instance } = options;
    this.#options = options;
    this.#queue = new WorkQueue({
      clock,
      random,
      name: controller,
      metrics: metrics.workQueue(controller),
    });
    const enqueue = (key: string) => this.#queue.add(key);
    this.#monitor = new HeartbeatMonitor({
      clock,
      log,
      metrics: metrics.heartbeat,
      mayGrant: (withinMs) => this.#connection.mayGrant(withinMs),
      onChange: enqueue,
    });
    this.#events = new EventRecorder({
      client,
      clock,
      component: 'haservice-operator',
      instance,
      log,
    });
    this.#connection = new ApiServerHealth(clock, () => {
      this.#monitor.forgiveSilence();
      for (const resource of this.#stores.resources.list()) enqueue(keyOf(resource));
    });
    this.#reconciler = new Reconciler({
      client,
      stores: this.#stores,
      monitor: this.#monitor,
      hooks: new HookRunner({ clock, onSettled: enqueue, monitor: this.#monitor, metrics }),
      memories: this.#memories,
      events: this.#events,
      connection: this.#connection,
      clock,
      log,
      metrics,
      operatorNode: options.nodeName,
      unsafe: options.unsafe,
      agentImage: options.agentImage,
      enqueue,
    });
    const { resources, services: serviceStore, slices, budgets, nodes: nodeStore } = this.#stores;
    this.#watch(haServices, resources);
    this.#watch(pods, this.#stores.pods, nameLabel);
    this.#watch(services, serviceStore);
    this.#watch(endpointSlices, slices, nameLabel);
    this.#watch(podDisruptionBudgets, budgets, nameLabel);
    this.#watch(nodes, nodeStore);
    resources.onChange(({ object }) => enqueue(keyOf(object)));
    for (const store of [this.#stores.pods, slices, budgets] as Store<KubeObject>[]) {
      store.onChange(({ object, old }) => {
        for (const each of [object, old]) this.#enqueueNamed(each);
      });
    }
    serviceStore.onChange(({ object }) => {
      const namespace = object.metadata?.namespace ?? '';
      for (const name of resourcesOfService(object.metadata?.name ?? '')) {
        if (resources.get(namespace, name) !== undefined) enqueue(`${namespace}/${name}`);
      }
    });
    nodeStore.onChange(({ object, old }) => {
      if (nodeFacts(object) === nodeFacts(old)) return;
      for (const resource of resources.list()) enqueue(keyOf(resource));
    });
  }

  /** Which caches are not filled yet; undefined when all are. */
  notReady(): string | undefined {
    const missing = this.#reflectors.filter(({ reflector }) => !reflector.hasSynced());
    return missing.length === 0
      ? undefined
      : `waiting for the list of ${missing.map(({ kind }) => kind).join(', ')}`;
  }

  /** Runs until the signal. What is under way then is finished, within five seconds. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock, client, self } = this.#options;
    const startedAt = clock.now();
    const connection = this.#connection;
    const lifeline = watchApiServerHealth({ client, connection, clock, log, self }, signal);
    const watching = this.#reflectors.map(({ reflector }) => reflector.run(signal));
    await Promise.race([
      Promise.all(this.#reflectors.map(({ reflector }) => reflector.synced)),
      new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })),
    ]);
    if (!signal.aborted) {
      log.info({ ms: Math.round(clock.now() - startedAt) }, 'all caches are filled');
      const stop = new AbortController();
      const endGrace = () => clock.after(graceMs, () => stop.abort());
      let cancel = () => {};
      signal.addEventListener('abort', () => (cancel = endGrace()), { once: true });
      await this.#queue.run({
        concurrency,
        signal,
        handler: (key) => this.#handle(key, stop.signal),
      });
      cancel();
    }
    await Promise.all([lifeline, ...watching]);
    this.#memories.close();
    this.#monitor.close();
    await this.#events.flush(AbortSignal.timeout(2_000));
  }

  async #handle(key: string, signal: AbortSignal): Promise<void> {
    const { metrics, clock, log } = this.#options;
    const startedAt = clock.now();
    metrics.reconcileStarted(controller);
    let result: 'success' | 'error' | 'requeue' | 'requeue_after' = 'success';
    try {
      const { failed, requeueAfterMs } = await this.#reconciler.reconcile(key, signal);
      if (requeueAfterMs !== undefined) this.#queue.addAfter(key, requeueAfterMs);
      if (failed) this.#queue.addRateLimited(key);
      else this.#queue.forget(key);
      result = failed ? 'requeue' : requeueAfterMs === undefined ? 'success' : 'requeue_after';
    } catch (error) {
      if (signal.aborted) return;
      result = 'error';
      log.error({ resource: key, error }, 'could not reconcile');
      this.#queue.addRateLimited(key);
    } finally {
      metrics.reconcileEnded(controller, result, clock.now() - startedAt);
    }
  }

  #watch<T extends KubeObject>(
    type: ResourceType<T>,
    store: Store<T>,
    labelSelector?: string,
  ): void {
    const { client, clock, random, log } = this.#options;
    const reflector = new Reflector<T>({
      client,
      type,
      store,
      clock,
      random,
      log,
      ...(labelSelector === undefined ? {} : { labelSelector }),
    });
    this.#reflectors.push({
      reflector: reflector as unknown as Reflector<KubeObject>,
      kind: type.kind,
    });
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

/** What a decision may rest on. Heartbeats of the kubelet change a node every few seconds, and mean nothing here. */
const nodeFacts = (node: KubeObject | undefined): string => {
  const { spec, status } = (node ?? {}) as {
    spec?: { taints?: unknown; unschedulable?: boolean };
    status?: { conditions?: { type: string; status: string }[] };
  };
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  return JSON.stringify([node?.metadata?.labels, spec?.taints, spec?.unschedulable, ready]);
};
