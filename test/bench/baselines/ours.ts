import { readFile } from 'node:fs/promises';
import { load } from 'js-yaml';
import { nameLabel } from '../../../src/api/labels.ts';
import type { Pod } from '../../../src/kube/api-types.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import type { Live } from '../../framework/live.ts';
import { type Phase, isSettled, phasesOf } from '../../framework/state.ts';
import type { Kube } from './kube.ts';
import { unhurried } from '../plan.ts';
import { type BenchSystem, databaseResources } from './bench-system.ts';

const settleMs = 240_000;
const password = 'bench';

export interface OurVariant {
  name: string;
  title: string;
  engine: 'redis' | 'postgres';
  consistency: 'Strong' | 'Eventual';
  heartbeat?: { interval: string; timeout: string };
}

interface Example {
  spec: {
    failover?: object;
    template: { spec: { containers: Record<string, unknown>[] } };
  };
}

/** The example of each engine, as it is in examples/. */
export class OurDatabase implements BenchSystem {
  readonly name: string;
  readonly title: string;
  readonly engine: 'redis' | 'postgres';
  readonly #kube: Kube;
  readonly #live: Live;
  readonly #variant: OurVariant;

  constructor(kube: Kube, live: Live, variant: OurVariant) {
    this.#kube = kube;
    this.#live = live;
    this.#variant = variant;
    this.name = variant.name;
    this.title = variant.title;
    this.engine = variant.engine;
  }

  async deploy(): Promise<void> {
    const { engine, consistency, heartbeat } = this.#variant;
    const file = new URL(`../../../examples/${engine}.yaml`, import.meta.url);
    const example = load(await readFile(file, 'utf8')) as Example;
    const [container] = example.spec.template.spec.containers;
    if (container !== undefined) container['resources'] = databaseResources;
    const spec = {
      ...example.spec,
      failover: { ...example.spec.failover, consistency, ...unhurried },
      ...(heartbeat === undefined ? {} : { heartbeat }),
    };
    await this.#kube.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: engine },
        stringData: { password },
      },
      { ...example, spec },
    ]);
  }

  async untilHealthy(): Promise<Pod> {
    const service = await this.#live.until(
      `every member of ${this.engine} to be healthy`,
      () => {
        const found = this.#live.services.get(this.#kube.namespace, this.engine);
        return found !== undefined && isSettled(found) ? found : undefined;
      },
      settleMs,
    );
    return this.#primary(service);
  }

  async clientUrl(): Promise<string> {
    const service = (await this.#kube.get('service', this.engine)) as {
      spec?: { clusterIP?: string };
    };
    return this.#url(service.spec?.clusterIP);
  }

  memberUrl(pod: Pod): string {
    return this.#url(pod.status?.podIP);
  }

  phases(since: number): [Phase, number][] {
    const [last] =
      this.#live.services.get(this.#kube.namespace, this.engine)?.status?.failovers ?? [];
    return last === undefined || Date.parse(last.startedAt) < since ? [] : phasesOf(last);
  }

  async #primary({ status }: HAService): Promise<Pod> {
    const pods = await this.#kube.pods(`${nameLabel}=${this.engine}`);
    const pod = pods.find(({ metadata }) => metadata?.name === status?.primary);
    if (pod === undefined) throw new Error(`there is no pod of ${status?.primary}`);
    return pod;
  }

  #url(host: string | undefined): string {
    const { engine, consistency } = this.#variant;
    if (engine === 'postgres') return `postgres://:${password}@${host}:5432`;
    return `redis://:${password}@${host}:6379?wait=${consistency === 'Strong' ? 1 : 0}`;
  }
}
