import type { HAService } from '../../../src/api/haservice.ts';
import type { Pod } from '../../../src/kube/api-types.ts';
import { pods, services } from '../../../src/kube/resources.ts';
import type { Environment } from '../../framework/environment.ts';
import { Recoveries, experimentsAfter } from '../../framework/experiments.ts';
import { Live } from '../../framework/live.ts';
import { apply, freshNamespace } from '../../framework/objects.ts';
import { isSettled } from '../../framework/state.ts';
import { type ServiceName, cron, drill, serviceNames, servicesOf } from './services.ts';

const settleMs = 240_000;

/** A pod that was killed. */
export interface Kill {
  pod: string;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** The two services in their namespace, and what has been killed of each. */
export class Stage {
  readonly live: Live;
  readonly kills: Record<ServiceName, Kill[]> = { drill: [], cron: [] };
  readonly recoveries: Record<ServiceName, Recoveries> = {
    drill: new Recoveries(),
    cron: new Recoveries(),
  };
  readonly #environment: Environment;
  readonly #namespace: string;
  readonly #signal: AbortSignal;
  /** The last experiment whose kill was noted. */
  #lastKill = 0;

  private constructor(
    environment: Environment,
    namespace: string,
    signal: AbortSignal,
    live: Live,
  ) {
    this.#environment = environment;
    this.#namespace = namespace;
    this.#signal = signal;
    this.live = live;
  }

  /** Makes the namespace anew, and waits until both services are healthy. */
  static async open(
    environment: Environment,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Stage> {
    const { client } = environment.api;
    await freshNamespace(client, namespace, signal);
    const objects = [...environment.clientObjects, ...(await servicesOf(namespace))];
    for (const object of objects) await apply(client, object, signal);
    const live = await Live.open(client, signal);
    const stage = new Stage(environment, namespace, signal, live);
    live.onChange(() => stage.#look());
    await stage.settled(drill, settleMs);
    await stage.settled(cron, settleMs);
    return stage;
  }

  service(name: ServiceName): HAService | undefined {
    return this.live.services.get(this.#namespace, name);
  }

  ref(name: ServiceName): { namespace: string; name: ServiceName } {
    return { namespace: this.#namespace, name };
  }

  members(name: ServiceName): Pod[] {
    return this.live.membersOf(this.ref(name));
  }

  /** Waits until all members are healthy. @throws Error if they are not in time. */
  async settled(name: ServiceName, timeoutMs: number): Promise<void> {
    await this.live.until(
      `every member of ${name} to be healthy`,
      () => {
        const service = this.service(name);
        const isWhole = service !== undefined && isSettled(service);
        return (isWhole && this.recoveries[name].open === 0) || undefined;
      },
      timeoutMs,
    );
  }

  /** Address of the Service that takes writes. */
  async host(name: ServiceName): Promise<string> {
    const { api } = this.#environment;
    const { spec } = await api.client.get(services, this.ref(name), { signal: this.#signal });
    return spec?.clusterIP ?? '';
  }

  primaryAddress(name: ServiceName): string | undefined {
    const primary = this.service(name)?.status?.primary;
    return this.members(name).find(({ metadata }) => metadata?.name === primary)?.status?.podIP;
  }

  /**
   * Deletes a pod of the service that is drawn at random, as this command in a CronJob does:
   * kubectl delete pod --grace-period=0 --force "$(kubectl get pods -l haservice.dev/name=cron -o name | shuf -n 1)"
   *
   * @param random from 0 up to 1. @returns the name of the pod; undefined if there is none.
   */
  async deleteAny(name: ServiceName, random: number): Promise<string | undefined> {
    const all = this.members(name);
    const { name: pod, uid } = all[Math.floor(random * all.length)]?.metadata ?? {};
    if (pod === undefined || uid === undefined) return undefined;
    const at = Date.now();
    const ref = { namespace: this.#namespace, name: pod };
    await this.#environment.api.client.delete(pods, ref, {
      uid,
      gracePeriodSeconds: 0,
      signal: this.#signal,
    });
    this.kills[name].push({ pod, at });
    this.recoveries[name].killed(uid, at);
    return pod;
  }

  /** Notes the kills of experiments, and the recoveries. */
  #look(): void {
    const { ended, running } = experimentsAfter(
      this.#lastKill,
      this.service(drill)?.status?.chaos ?? {},
    );
    for (const { id, hits, injectedAt } of running === undefined ? ended : [...ended, running]) {
      if (injectedAt === undefined) continue;
      this.#lastKill = id;
      for (const { pod, uid } of hits) {
        this.kills.drill.push({ pod, at: Date.parse(injectedAt) });
        this.recoveries.drill.killed(uid, Date.parse(injectedAt));
      }
    }
    for (const name of serviceNames) {
      this.recoveries[name].look(this.service(name), Date.now());
    }
  }
}
