import { setTimeout as sleep } from 'node:timers/promises';
import type { HAService } from '../../src/api/haservice.ts';
import { nameLabel } from '../../src/api/labels.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import { pods, services } from '../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../src/kube/api-types.ts';
import type { Api } from './api.ts';
import { baseline, baselineName } from './baseline.ts';
import type { Target } from './faults.ts';
import { Live } from './live.ts';
import { apply, freshNamespace } from './objects.ts';
import { isReady, isSettled } from './state.ts';

const settleMs = 240_000;

/** kube-proxy lets a second pass between two changes by default (minSyncPeriod): none must be left over. */
const calmMs = 3_000;

/** failover.minInterval, which is left at 5 s: a fault within it would wait for its end. */
const minIntervalMs = 6_000;

export interface StageOptions {
  api: Api;
  namespace: string;
  /** HAServices, and what else is needed. */
  objects: KubeObject[];
  signal: AbortSignal;
}

/** Both systems, side by side in a namespace of their own. */
export class Stage {
  readonly api: Api;
  readonly namespace: string;
  readonly live: Live;
  readonly #signal: AbortSignal;
  /** Of the HAServices. */
  readonly #names: string[];

  private constructor({ api, namespace, objects, signal }: StageOptions, live: Live) {
    this.api = api;
    this.#names = objects.flatMap(({ kind, metadata }) =>
      kind === haServices.kind ? [metadata?.name ?? ''] : [],
    );
    this.namespace = namespace;
    this.live = live;
    this.#signal = signal;
  }

  /** Makes the namespace anew and applies `objects` and the plain Deployment. */
  static async open(options: StageOptions): Promise<Stage> {
    const { api, namespace, objects, signal } = options;
    await freshNamespace(api.client, namespace, signal);
    for (const object of [...objects, ...baseline(namespace)]) {
      await apply(api.client, object, signal);
    }
    const live = await Live.open(api.client, signal);
    return new Stage(options, live);
  }

  service(name: string): HAService | undefined {
    return this.live.services.get(this.namespace, name);
  }

  members(name: string): Pod[] {
    return this.#own(this.live.members.list()).filter(
      (pod) => pod.metadata?.labels?.[nameLabel] === name,
    );
  }

  /** Pods of the plain Deployment. */
  plainPods(): Pod[] {
    return this.#own(this.live.plain.list());
  }

  /** Address of a Service. Its name would measure the cluster's DNS as well. */
  async url(name: string): Promise<string> {
    const ref = { namespace: this.namespace, name };
    const { spec } = await this.api.client.get(services, ref, { signal: this.#signal });
    return `http://${spec?.clusterIP}:${spec?.ports?.[0]?.port}/`;
  }

  /** Waits until all members of an HAService are well. */
  settled(name: string): Promise<HAService> {
    return this.live.until(
      `every member of ${name} to be healthy`,
      () => {
        const service = this.service(name);
        return service !== undefined && isSettled(service) ? service : undefined;
      },
      settleMs,
    );
  }

  /** Waits until the plain Deployment has three pods that are ready. */
  async plainSettled(): Promise<void> {
    await this.live.until(
      `every pod of ${baselineName} to be ready`,
      () => {
        const plain = this.plainPods();
        return plain.length === 3 && plain.every(isReady) ? true : undefined;
      },
      settleMs,
    );
  }

  /** Waits until both systems, and every HAService, are well and have been left in peace for a while. */
  async allRested(): Promise<void> {
    await Promise.all([...this.#names.map((name) => this.settled(name)), this.plainSettled()]);
    const failovers = this.#names.map((name) => this.service(name)?.status?.lastFailoverTime ?? '');
    const last = Math.max(0, ...failovers.map((time) => Date.parse(time) || 0));
    const restMs = Math.max(calmMs, last + minIntervalMs - Date.now());
    await sleep(restMs, undefined, { signal: this.#signal });
  }

  /** The pod that takes the traffic now. @throws Error where there is none. */
  primary(name: string): Target {
    const primary = this.service(name)?.status?.primary;
    return this.#target(
      this.members(name).find((pod) => pod.metadata?.name === primary),
      `primary of ${name}`,
    );
  }

  /** A plain pod that takes traffic: on `node` where that is given, else on any but `notOn`. */
  plainTarget({ node, notOn }: { node?: string; notOn?: string | undefined }): Target {
    const pod = this.plainPods().find(
      (each) =>
        isReady(each) &&
        (node === undefined ? each.spec?.nodeName !== notOn : each.spec?.nodeName === node),
    );
    return this.#target(pod, `ready pod of ${baselineName} on ${node ?? `a node but ${notOn}`}`);
  }

  /** The primary, on a node other than `node`: moved there first, if need be. */
  async movePrimaryOff(name: string, node: string | undefined): Promise<Target> {
    for (;;) {
      const primary = this.primary(name);
      if (primary.node !== node) return primary;
      await this.replacePod(primary);
      await this.settled(name);
    }
  }

  /** Deletes a pod and waits until it is gone, so that another comes in its place. */
  async replacePod({ namespace, name, uid }: Target): Promise<void> {
    const options = { uid, gracePeriodSeconds: 1, signal: this.#signal };
    await this.api.client.delete(pods, { namespace, name }, options);
    const isThere = () =>
      [...this.live.members.list(), ...this.live.plain.list()].some(
        ({ metadata }) => metadata?.uid === uid,
      );
    await this.live.until(`the end of pod ${name}`, () => (isThere() ? undefined : true), settleMs);
  }

  #target(pod: Pod | undefined, what: string): Target {
    const name = pod?.metadata?.name;
    const uid = pod?.metadata?.uid;
    const node = pod?.spec?.nodeName;
    if (name === undefined || uid === undefined || node === undefined) {
      throw new Error(`there is no ${what}`);
    }
    return { namespace: this.namespace, name, uid, node };
  }

  #own(all: Pod[]): Pod[] {
    return all.filter((pod) => pod.metadata?.namespace === this.namespace);
  }
}
