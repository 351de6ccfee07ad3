import type { Pod } from '../../../src/kube/api-types.ts';
import { isReady } from '../../framework/state.ts';
import type { Kube } from './kube.ts';
import type { BenchSystem } from './bench-system.ts';
import {
  type SentinelTimes,
  masterName,
  redisObjects,
  sentinelObjects,
  sentinelPort,
} from './sentinel-objects.ts';

const settleMs = 180_000;

export interface SentinelVariant {
  name: string;
  title: string;
  times: SentinelTimes;
  /** A write counts once so many replicas have it; 0: once the master has it, as is usual. */
  waitFor: number;
}

/** Three Redis and three Sentinels with a majority of two, as in Sentinel's manual: redis.io, "Example 2". */
export class Sentinel implements BenchSystem {
  readonly name: string;
  readonly title: string;
  readonly engine = 'redis';
  readonly #kube: Kube;
  readonly #variant: SentinelVariant;

  constructor(kube: Kube, variant: SentinelVariant) {
    this.#kube = kube;
    this.#variant = variant;
    this.name = variant.name;
    this.title = variant.title;
  }

  async deploy(): Promise<void> {
    const kube = this.#kube;
    await kube.apply(redisObjects());
    const members = await this.#three('app=redis');
    const [first, ...others] = members.map((pod) => pod.status?.podIP ?? '');
    for (const pod of members.slice(1)) {
      await kube.exec(pod.metadata?.name ?? '', ['redis-cli', 'replicaof', first ?? '', '6379']);
    }
    if (others.length !== 2) throw new Error('there are not three members');
    await kube.apply(sentinelObjects(first ?? '', this.#variant.times));
    await this.#three('app=sentinel');
  }

  /**
   * Sentinel never forgets a member by itself, and the address of a replaced pod would stay in its list as one that is down. So it is
   * reset, as its manual says ("Removing the old master or unreachable replicas"): but only once all members follow the master, as
   * Sentinel would not reconfigure a member that it has forgotten.
   */
  async untilHealthy(): Promise<Pod> {
    return this.#kube.until('Sentinel to know three members and itself', settleMs, async () => {
      const members = await this.#three('app=redis');
      const sentinels = await this.#three('app=sentinel');
      const seen = await Promise.all(sentinels.map((pod) => this.#asks(pod)));
      const [master] = new Set(seen.map(({ ip }) => ip));
      if (seen.some((each) => each.ip !== master || !each.isUp || each.following !== 2)) return;
      const pod = members.find((each) => each.status?.podIP === master);
      if (pod === undefined || (await this.#replicasOf(pod)) !== 2) return;
      if (seen.every((each) => each.replicas === 2 && each.others === 2)) return pod;
      for (const each of sentinels) await this.#cli(each, 'sentinel', 'reset', masterName);
      return;
    });
  }

  async clientUrl(): Promise<string> {
    const sentinels = await this.#three('app=sentinel');
    const at = sentinels.map((pod) => `at=${pod.status?.podIP}:${sentinelPort}`);
    return `sentinel:///${masterName}?${at.join('&')}&wait=${this.#variant.waitFor}`;
  }

  memberUrl(pod: Pod): string {
    return `redis://${pod.status?.podIP}:6379?wait=${this.#variant.waitFor}`;
  }

  #three(selector: string): Promise<Pod[]> {
    return this.#kube.until(`three pods with ${selector}`, settleMs, async () => {
      const found = (await this.#kube.pods(selector)).filter(isReady);
      return found.length === 3 ? found : undefined;
    });
  }

  async #asks(pod: Pod) {
    const state = fields(await this.#cli(pod, 'sentinel', 'master', masterName));
    const replicas = await this.#cli(pod, 'sentinel', 'replicas', masterName);
    const each = replicas.split('name\n').map((text) => fields(`name\n${text}`));
    return {
      ip: state['ip'],
      isUp: state['flags'] === 'master',
      replicas: Number(state['num-slaves']),
      others: Number(state['num-other-sentinels']),
      following: each.filter(
        (replica) => replica['flags'] === 'slave' && replica['master-link-status'] === 'ok',
      ).length,
    };
  }

  async #replicasOf(pod: Pod): Promise<number> {
    const info = await this.#kube.exec(pod.metadata?.name ?? '', [
      'redis-cli',
      'info',
      'replication',
    ]);
    return info.split('state=online').length - 1;
  }

  #cli(pod: Pod, ...command: string[]): Promise<string> {
    const argv = ['redis-cli', '-p', String(sentinelPort), ...command];
    return this.#kube.exec(pod.metadata?.name ?? '', argv);
  }
}

/** Parses a flat list of names and values, one per line. */
function fields(text: string): Record<string, string> {
  const lines = text.split('\n');
  const pairs = lines.flatMap((name, i) => (i % 2 === 0 ? [[name, lines[i + 1] ?? '']] : []));
  return Object.fromEntries(pairs) as Record<string, string>;
}
