import { setTimeout as sleep } from 'node:timers/promises';
import { nameLabel } from '../../../src/api/labels.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import { haServices } from '../../../src/controller/state/resource-type.ts';
import {
  type ResourceType,
  endpointSlices,
  pathOf,
  persistentVolumeClaims,
  podDisruptionBudgets,
  services,
} from '../../../src/kube/resources.ts';
import { Store } from '../../../src/kube/store.ts';
import type {
  EndpointSlice,
  KubeObject,
  PersistentVolumeClaim,
  PodDisruptionBudget,
  Service,
} from '../../../src/kube/api-types.ts';
import type { Environment } from '../../framework/environment.ts';
import { follow } from '../../framework/follow.ts';
import { Live } from '../../framework/live.ts';
import { apply, freshNamespace } from '../../framework/objects.ts';
import { operatorPods } from '../../framework/operator.ts';
import { zoneOf } from '../../framework/state.ts';
import { type RunningClient, startClient } from '../../framework/traffic.ts';
import { type Seen, nameOf } from '../oracle/seen.ts';
import { whatIsWrong } from '../oracle/what-is-wrong.ts';
import type { Subject } from '../subjects.ts';

const startMs = 240_000;
const callMs = 10_000;
const pollMs = 250;
/** What is right for so long stays right. */
const calmMs = 1_000;

export interface SceneOptions {
  environment: Pick<Environment, 'api' | 'clientProgram' | 'clientObjects' | 'spared'>;
  namespace: string;
  subject: Subject;
  signal: AbortSignal;
}

/** A service in a namespace of its own, and a client that asks for it all the time. */
export class Scene {
  readonly subject: Subject;
  readonly #environment: SceneOptions['environment'];
  readonly #namespace: string;
  readonly #live: Live;
  readonly #end: AbortController;
  readonly #signal: AbortSignal;
  readonly #services = new Store<Service>();
  readonly #slices = new Store<EndpointSlice>();
  readonly #budgets = new Store<PodDisruptionBudget>();
  readonly #claims = new Store<PersistentVolumeClaim>();
  #client: RunningClient<'target'> | undefined;

  private constructor(
    { environment, namespace, subject }: SceneOptions,
    live: Live,
    end: AbortController,
    signal: AbortSignal,
  ) {
    this.subject = subject;
    this.#environment = environment;
    this.#namespace = namespace;
    this.#live = live;
    this.#end = end;
    this.#signal = signal;
  }

  /** Recreates the namespace, and waits until the service is as its spec says, and the client is answered. */
  static async open(options: SceneOptions): Promise<Scene> {
    const { environment, namespace, subject } = options;
    const { client } = environment.api;
    const end = new AbortController();
    const signal = AbortSignal.any([options.signal, end.signal]);
    try {
      await freshNamespace(client, namespace, signal);
      const live = await Live.open(client, signal);
      const scene = new Scene(options, live, end, signal);
      await scene.#followAll();
      for (const object of [...subject.objects, subject.service, ...environment.clientObjects]) {
        const metadata = { ...object.metadata, namespace };
        await apply(client, { ...object, metadata }, signal);
      }
      await scene.#known({ generation: 1 });
      await scene.settled(startMs);
      await scene.#startClient();
      return scene;
    } catch (error) {
      end.abort(new Error('the service could not be made'));
      throw error;
    }
  }

  async #followAll(): Promise<void> {
    const one = <T extends KubeObject>(type: ResourceType<T>, store: Store<T>) =>
      follow(this.#environment.api.client, type, store, this.#signal, nameLabel);
    await Promise.all([
      one(services, this.#services),
      one(endpointSlices, this.#slices),
      one(podDisruptionBudgets, this.#budgets),
      one(persistentVolumeClaims, this.#claims),
    ]);
  }

  async #startClient(): Promise<void> {
    const { load, name } = this.subject;
    const ref = { namespace: this.#namespace, name };
    const { spec } = await this.#environment.api.client.get(services, ref, {
      signal: this.#signal,
    });
    const { urlAt, ...rest } = load;
    this.#client = await startClient({
      ...rest,
      api: this.#environment.api,
      live: this.#live,
      namespace: this.#namespace,
      name: 'client',
      program: this.#environment.clientProgram,
      targets: { target: urlAt(spec?.clusterIP ?? '') },
      node: this.#environment.spared,
      signal: this.#signal,
      onFailure: (error) => this.#end.abort(error),
    });
  }

  /** What the client has seen. */
  get requests(): RunningClient<'target'>['logs']['target'] {
    if (this.#client === undefined) throw new Error('the client does not run yet');
    return this.#client.logs.target;
  }

  /** The service and all that belongs to it now. @throws Error if there is no such service. */
  get seen(): Seen {
    const { name } = this.subject;
    const resource = this.#live.services.get(this.#namespace, name);
    if (resource === undefined) throw new Error(`the HAService ${name} is gone`);
    const ours = <T extends KubeObject>(store: Store<T>): T[] =>
      store
        .list()
        .filter(
          ({ metadata }) =>
            metadata?.namespace === this.#namespace && metadata.labels?.[nameLabel] === name,
        )
        .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const zones = this.#live.nodes.list().map((node) => [nameOf(node), zoneOf(node)] as const);
    return {
      resource,
      pods: ours(this.#live.members),
      services: ours(this.#services),
      slices: ours(this.#slices),
      budgets: ours(this.#budgets),
      claims: ours(this.#claims),
      zones: new Map(zones),
    };
  }

  /**
   * Writes the spec, as `kubectl apply` would: unknown fields are refused.
   *
   * @throws HAError if the API server refuses.
   */
  async write(spec: unknown, isDryRun = false): Promise<HAService> {
    const path = pathOf(haServices, this.#namespace, this.subject.name);
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(callMs)]);
    const operations = [{ op: 'replace', path: '/spec', value: spec }];
    const written = await this.#environment.api.jsonPatch<HAService>(path, operations, {
      ...{ signal, isDryRun },
    });
    if (!isDryRun) await this.#known(written.metadata);
    return written;
  }

  /** What follows must not be judged by the resource of before. */
  async #known({ generation = 0 }: { generation?: number }): Promise<void> {
    const { namespace, name } = { namespace: this.#namespace, name: this.subject.name };
    const read = () => {
      const found = this.#live.services.get(namespace, name);
      return (found?.metadata.generation ?? 0) >= generation ? true : undefined;
    };
    await this.#live.until(`generation ${generation} of ${name}`, read, callMs);
  }

  /** Waits until the cluster is what the resource says, and stays so. @throws Error that says what is still wrong. */
  async settled(timeoutMs: number): Promise<void> {
    const wrong = await this.watch(timeoutMs, () => undefined);
    if (wrong !== undefined) throw new Error(wrong);
  }

  /**
   * Waits until the cluster is what the resource says, and stays so.
   *
   * @param look is called again and again, with what is wrong at the time: the first text that it gives ends the waiting. @returns
   * undefined if all is as the resource says; else that text, or after `timeoutMs` what is wrong.
   */
  async watch(
    timeoutMs: number,
    look: (seen: Seen, wrong: string[]) => string | undefined,
  ): Promise<string | undefined> {
    const deadline = performance.now() + timeoutMs;
    let rightSince: number | undefined;
    for (;;) {
      const { seen } = this;
      const wrong = whatIsWrong(seen);
      const now = performance.now();
      rightSince = wrong.length > 0 ? undefined : (rightSince ?? now);
      if (rightSince !== undefined && now - rightSince >= calmMs) return undefined;
      const found = wrong.length > 0 ? look(seen, wrong) : undefined;
      if (found !== undefined) return found;
      if (now > deadline) return `after ${timeoutMs / 1_000} s: ${wrong.join('; ')}`;
      await sleep(pollMs, undefined, { signal: this.#signal });
    }
  }

  /** How often operators have ended so far. */
  async operatorEnds(): Promise<number> {
    const all = await operatorPods(this.#environment.api, this.#signal);
    return all
      .flatMap(({ status }) => status?.containerStatuses ?? [])
      .reduce((sum, { restartCount }) => sum + restartCount, 0);
  }

  pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.#signal });
  }

  close(): void {
    this.#end.abort(new Error('the scene is closed'));
  }
}
