import { setTimeout as sleep } from 'node:timers/promises';
import { nameLabel } from '../../src/api/labels.ts';
import type { HAService } from '../../src/api/haservice.ts';
import type { Condition, Status } from '../../src/api/status.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import {
  type ResourceType,
  endpointSlices,
  events,
  pods,
  services,
} from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import type { EndpointSlice, Event, KubeObject, Pod, Service } from '../../src/kube/api-types.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { firstFound } from '../framework/first-found.ts';
import { follow } from '../framework/follow.ts';
import { isSettled } from '../framework/state.ts';

const waitMs = 90_000;
const callMs = 10_000;

/** The local cluster as a test sees it, followed live, and a namespace of the test's own. */
export class World {
  readonly cluster: Cluster;
  readonly api: Api;
  readonly namespace: string;
  readonly resources = new Store<HAService>();
  readonly pods = new Store<Pod>();
  readonly services = new Store<Service>();
  readonly slices = new Store<EndpointSlice>();
  readonly events = new Store<Event>();
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();

  private constructor(cluster: Cluster, api: Api, namespace: string) {
    this.cluster = cluster;
    this.api = api;
    this.namespace = namespace;
  }

  /** Everything of the test is in this namespace, which is made anew. */
  static async open(namespace: string): Promise<World> {
    const cluster = await Cluster.open();
    const world = new World(cluster, Api.fromFile(cluster.kubeconfig), namespace);
    await world.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
    await world.kubectl(['create', 'namespace', namespace]);
    await Promise.all([
      world.#follow(haServices, world.resources),
      world.#follow(pods, world.pods),
      world.#follow(services, world.services),
      world.#follow(endpointSlices, world.slices),
      world.#follow(events, world.events),
    ]);
    return world;
  }

  /** Deletes the namespace. Faults of the network are healed first. */
  async close(): Promise<void> {
    await this.cluster.healAll();
    await this.kubectl(['delete', 'namespace', this.namespace, '--wait', '--ignore-not-found']);
    this.#stop.abort();
    await this.api.close();
  }

  get client(): KubeClient {
    return this.api.client;
  }

  /** kubectl in the test's namespace. @throws ClusterError with what it said. */
  kubectl(args: string[], input?: string): Promise<string> {
    return this.cluster.runKubectl(['--namespace', this.namespace, ...args], {
      timeoutMs: waitMs,
      ...(input === undefined ? {} : { input }),
    });
  }

  /** What a user does: `kubectl apply -f`. */
  apply(...objects: KubeObject[]): Promise<string> {
    const input = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    return this.kubectl(['apply', '-f', '-'], input);
  }

  resource(name: string): HAService | undefined {
    return this.resources.get(this.namespace, name);
  }

  status(name: string): Status {
    return this.resource(name)?.status ?? {};
  }

  condition(name: string, type: string): Condition | undefined {
    return this.status(name).conditions?.find((condition) => condition.type === type);
  }

  pod(name: string): Pod | undefined {
    return this.pods.get(this.namespace, name);
  }

  members(name: string): Pod[] {
    return this.#labelled(this.pods, nameLabel, name);
  }

  /** The slices of a service, of all its Services. */
  slicesOf(name: string): EndpointSlice[] {
    return this.#labelled(this.slices, nameLabel, name);
  }

  /** Names of the pods behind a Service, in alphabetical order. */
  behind(service: string): string[] {
    return this.#labelled(this.slices, 'kubernetes.io/service-name', service)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .map(({ targetRef }) => targetRef?.name ?? '')
      .sort();
  }

  #labelled<T extends KubeObject>(store: Store<T>, label: string, value: string): T[] {
    return store
      .list()
      .filter(
        ({ metadata }) =>
          metadata?.namespace === this.namespace && metadata.labels?.[label] === value,
      );
  }

  /** Notes of the Events about an HAService with this reason. */
  notes(name: string, reason: string): string[] {
    return this.events
      .list()
      .filter(
        (event) =>
          event.metadata?.namespace === this.namespace &&
          event.regarding?.kind === 'HAService' &&
          event.regarding.name === name &&
          event.reason === reason,
      )
      .map(({ note }) => note ?? '');
  }

  /** The first thing other than undefined and false that `read` finds, now or after a change. */
  until<T>(what: string, read: () => T | undefined | false, timeoutMs = waitMs): Promise<T> {
    const onChange = (listener: () => void) => {
      this.#listeners.add(listener);
      return () => this.#listeners.delete(listener);
    };
    const found = () => {
      const value = read();
      return value === false ? undefined : value;
    };
    const late = () => {
      const seen = this.resources
        .list()
        .filter(({ metadata }) => metadata.namespace === this.namespace)
        .map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status)}`);
      return new Error(`gave up waiting for ${what}; the resources are:\n${seen.join('\n')}`);
    };
    return firstFound(onChange, found, { timeoutMs, late });
  }

  /** Tries what sends no event until it holds. @throws its last error. */
  async eventually(what: string, check: () => Promise<void>, timeoutMs = waitMs): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (performance.now() > end)
          throw new Error(
            `gave up waiting for ${what}: ${error instanceof Error ? error.message : String(error)}`,
            { cause: error },
          );
      }
      await sleep(100);
    }
  }

  /** What the member program says of itself. */
  async whoami(pod: string): Promise<{ pod: string; role: string; epoch: number }> {
    return JSON.parse(await this.ask(pod, 'GET', '/whoami')) as never;
  }

  /** Makes a member misbehave, as soon as it listens: see test/workload/member/settings.ts. */
  async misbehave(pod: string, mode: string): Promise<void> {
    await this.eventually(`${pod} to take its mode`, async () => {
      await this.ask(pod, 'POST', `/misbehave?mode=${mode}`);
    });
  }

  /** Asks a pod over the API server. @returns the body, even if the status is no success. */
  async ask(pod: string, method: 'GET' | 'POST', path: string): Promise<string> {
    await this.until(`${pod} to have an address`, () => this.pod(pod)?.status?.podIP);
    const proxy = `/api/v1/namespaces/${this.namespace}/pods/${pod}:8080/proxy${path}`;
    return method === 'GET'
      ? this.api.text(proxy, AbortSignal.timeout(callMs))
      : this.cluster.runKubectl(['create', '--raw', proxy, '-f', '-'], { input: '{}' });
  }

  /** Waits until every member is healthy and the Services point at the right members. */
  async settled(name: string): Promise<Status & { primary: string; epoch: number }> {
    return this.until(`${name} to be settled`, () => {
      const resource = this.resource(name);
      if (resource?.status === undefined || !isSettled(resource)) return undefined;
      const { primary, epoch } = resource.status;
      if (primary === undefined || epoch === undefined) return undefined;
      if (this.behind(name).join() !== primary) return undefined;
      return { ...resource.status, primary, epoch };
    });
  }

  /** Waits for a condition with this reason. @returns its message. */
  async reason(name: string, type: string, reason: string): Promise<string> {
    const found = await this.until(`${type}/${reason} of ${name}`, () => {
      const condition = this.condition(name, type);
      return condition?.reason === reason ? condition : undefined;
    });
    return found.message;
  }

  /** Waits for an Event about an HAService. @returns its note. */
  event(name: string, reason: string): Promise<string> {
    return this.until(`an Event ${reason} of ${name}`, () => this.notes(name, reason)[0]);
  }

  ref(name: string): { namespace: string; name: string } {
    return { namespace: this.namespace, name };
  }

  #follow<T extends KubeObject>(type: ResourceType<T>, store: Store<T>): Promise<void> {
    store.onChange(() => {
      for (const listener of [...this.#listeners]) listener();
    });
    return follow(this.api.client, type, store, this.#stop.signal);
  }
}
