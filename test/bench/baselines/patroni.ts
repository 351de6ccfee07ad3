import type { Pod } from '../../../src/kube/api-types.ts';
import { isReady } from '../../framework/state.ts';
import type { Kube } from './kube.ts';
import {
  type PatroniTimes,
  password,
  patroniObjects,
  patroniSelector,
  scope,
} from './patroni-objects.ts';
import type { BenchSystem } from './bench-system.ts';

const settleMs = 240_000;

export interface PatroniVariant {
  name: string;
  title: string;
  times: PatroniTimes;
}

/** A member in the answer to GET /cluster. */
interface Member {
  name: string;
  role: string;
  state: string;
}

/** Three members of Patroni 3 with one synchronous standby. */
export class Patroni implements BenchSystem {
  readonly name: string;
  readonly title: string;
  readonly engine = 'postgres';
  readonly #kube: Kube;
  readonly #times: PatroniTimes;

  constructor(kube: Kube, { name, title, times }: PatroniVariant) {
    this.#kube = kube;
    this.#times = times;
    this.name = name;
    this.title = title;
  }

  deploy(): Promise<void> {
    return this.#kube.apply(patroniObjects(this.#times));
  }

  untilHealthy(): Promise<Pod> {
    return this.#kube.until('Patroni to have a leader and two standbys', settleMs, async () => {
      const pods = (await this.#kube.pods(patroniSelector)).filter(isReady);
      const [any] = pods;
      if (any === undefined || pods.length !== 3) return;
      const { namespace, name } = any.metadata ?? {};
      const path = `/api/v1/namespaces/${namespace}/pods/${name}:8008/proxy/cluster`;
      const text = await this.#kube.api.text(path, AbortSignal.timeout(5_000));
      const { members } = JSON.parse(text) as { members: Member[] };
      const roles = members.map((member) => member.role).sort();
      const follow = members.filter((member) => ['running', 'streaming'].includes(member.state));
      if (roles.join() !== 'leader,replica,sync_standby' || follow.length !== 3) return;
      const leader = members.find((member) => member.role === 'leader');
      const pod = pods.find((each) => each.metadata?.name === leader?.name);
      return pod !== undefined && (await this.#standbys(pod)) === 'async,sync' ? pod : undefined;
    });
  }

  async clientUrl(): Promise<string> {
    const service = (await this.#kube.get('service', scope)) as { spec?: { clusterIP?: string } };
    return urlOf(service.spec?.clusterIP);
  }

  memberUrl(pod: Pod): string {
    return urlOf(pod.status?.podIP);
  }

  async #standbys(pod: Pod): Promise<string> {
    const query = `select string_agg(sync_state, ',' order by sync_state) from pg_stat_replication where state = 'streaming'`;
    const argv = ['psql', '-h', '/tmp', '-U', 'postgres', '-AtXc', query];
    return (await this.#kube.exec(pod.metadata?.name ?? '', argv)).trim();
  }
}

const urlOf = (host: string | undefined) => `postgres://postgres:${password}@${host}:5432/postgres`;
