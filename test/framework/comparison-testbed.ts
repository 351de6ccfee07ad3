import { setTimeout as sleep } from 'node:timers/promises';
import type { HAService } from '../../src/api/haservice.ts';
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

/** By default kube-proxy waits a second between two changes (minSyncPeriod): no change may be pending. */
const calmMs = 3_000;

/** A little more than failover.minInterval (5 s): the failover of an earlier fault would wait for its end. */
const minIntervalMs = 6_000;

export interface ComparisonTestbedOptions {
  api: Api;
  namespace: string;
  /** The HAServices, and what else they need. */
  objects: KubeObject[];
  signal: AbortSignal;
}

/** Two systems to compare, in one namespace: HAServices, and a Deployment without an operator. */
export class ComparisonTestbed {
  readonly api: Api;
  readonly namespace: string;
  readonly live: Live;
  readonly #signal: AbortSignal;
  /** Names of the HAServices. */
  readonly #names: string[];

  private constructor({ api, namespace, objects, signal }: ComparisonTestbedOptions, live: Live) {
    this.api = api;
    this.#names = objects.flatMap(({ kind, metadata }) =>
      kind === haServices.kind ? [metadata?.name ?? ''] : [],
    );
    this.namespace = namespace;
    this.live = live;
    this.#signal = signal;
  }

  /** Creates an empty namespace and applies `objects` and the plain Deployment. */
  static async open(options: ComparisonTestbedOptions): Promise<ComparisonTestbed> {
    const { api, namespace, objects, signal } = options;
    await freshNamespace(api.client, namespace, signal);
    for (const object of [...objects, ...baseline(namespace)]) {
      await apply(api.client, object, signal);
    }
    const live = await Live.open(api.client, signal);
    return new ComparisonTestbed(options, live);
  }

  service(name: string): HAService | undefined {
    return this.live.services.get(this.namespace, name);
  }

  members(name: string): Pod[] {
    return this.live.membersOf({ namespace: this.namespace, name });
  }

  /** Pods of the plain Deployment. */
  plainPods(): Pod[] {
    return this.live.plain.list().filter(({ metadata }) => metadata?.namespace === this.namespace);
  }

  /** Address of a Service, by IP: a name would include the DNS of the cluster in the measurement. */
  async url(name: string): Promise<string> {
    const ref = { namespace: this.namespace, name };
    const { spec } = await this.api.client.get(services, ref, { signal: this.#signal });
    return `http://${spec?.clusterIP}:${spec?.ports?.[0]?.port}/`;
  }

  /** Waits until all members of an HAService are healthy. */
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

  /** Waits until both systems are healthy and no change is pending. */
  async allRested(): Promise<void> {
    await Promise.all([...this.#names.map((name) => this.settled(name)), this.plainSettled()]);
    const failovers = this.#names.map((name) => this.service(name)?.status?.lastFailoverTime ?? '');
    const last = Math.max(0, ...failovers.map((time) => Date.parse(time) || 0));
    const restMs = Math.max(calmMs, last + minIntervalMs - Date.now());
    await sleep(restMs, undefined, { signal: this.#signal });
  }

  /** The pod that takes the traffic now. @throws Error if there is none. */
  primary(name: string): Target {
    const primary = this.service(name)?.status?.primary;
    return this.#target(
      this.members(name).find((pod) => pod.metadata?.name === primary),
      `primary of ${name}`,
    );
  }

  /** A plain pod that takes traffic: on `node` if that is given, else on any node but `notOn`. */
  plainTarget({ node, notOn }: { node?: string; notOn?: string | undefined }): Target {
    const pod = this.plainPods().find(
      (each) =>
        isReady(each) &&
        (node === undefined ? each.spec?.nodeName !== notOn : each.spec?.nodeName === node),
    );
    return this.#target(pod, `ready pod of ${baselineName} on ${node ?? `a node but ${notOn}`}`);
  }

  /** The primary, on a node other than `node`: moved there first if necessary. */
  async movePrimaryOff(name: string, node: string | undefined): Promise<Target> {
    for (;;) {
      const primary = this.primary(name);
      if (primary.node !== node) return primary;
      await this.replacePod(primary);
      await this.settled(name);
    }
  }

  /** Deletes a pod and waits until it is gone; its controller then creates another. */
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
}
