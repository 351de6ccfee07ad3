import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../cluster/cluster.ts';
import type { Api } from '../framework/api.ts';
import { apply, freshNamespace } from '../framework/objects.ts';
import type { DatabaseOptions } from '../workload/torture/session.ts';
import { makeClocks } from './clocks/member-clocks.ts';
import { RemoteClient } from './target/clients.ts';
import {
  type Target,
  acksOf,
  clientPod,
  engines,
  memberNames,
  targetObjects,
} from './target/engines.ts';
import { Scene } from './target/scene.ts';

const startMs = 240_000;
const clientsStartMs = 60_000;
const prepareMs = 30_000;

/** How long a copy may take to acknowledge a write. Less than the clients wait. Milliseconds. */
const ackMs = 900;

export interface ArenaOptions {
  target: Target;
  api: Api;
  namespace: string;
  signal: AbortSignal;
}

/** The service that is attacked, and a client on each node, in a namespace of their own. */
export class Arena {
  readonly cluster: Cluster;
  readonly api: Api;
  readonly target: Target;
  readonly scene: Scene;
  readonly clients: RemoteClient[];
  readonly #end: AbortController;

  private constructor(
    { api, target }: ArenaOptions,
    cluster: Cluster,
    scene: Scene,
    clients: RemoteClient[],
    end: AbortController,
  ) {
    this.cluster = cluster;
    this.api = api;
    this.target = target;
    this.scene = scene;
    this.clients = clients;
    this.#end = end;
  }

  /** Makes the namespace anew, and waits until the service is well. */
  static async open(options: ArenaOptions): Promise<Arena> {
    const { target, api, namespace, signal } = options;
    const cluster = await Cluster.open();
    const end = new AbortController();
    const both = AbortSignal.any([signal, end.signal]);
    try {
      await freshNamespace(api.client, namespace, signal);
      await makeClocks(memberNames, signal);
      const objects = targetObjects(target, namespace, randomBytes(9).toString('hex'));
      for (const object of objects) await apply(api.client, object, signal);
      const scene = await Scene.open(api, namespace, both);
      const names = cluster.nodes.map(({ zone, name }) => ({ client: `client-${zone}`, name }));
      for (const { client, name } of names) {
        await apply(api.client, clientPod(target, namespace, client, name), signal);
      }
      const clients = names.map(({ client }) => new RemoteClient(api, namespace, client));
      await scene.settled(startMs, both);
      await scene.until(
        () => (clients.every(({ name }) => scene.isRunning(name)) ? true : undefined),
        () => 'the clients do not run',
        clientsStartMs,
        both,
      );
      const arena = new Arena(options, cluster, scene, clients, end);
      await arena.#prepare(signal);
      return arena;
    } catch (error) {
      end.abort(new Error('the arena could not be opened'));
      throw error;
    }
  }

  /** What the clients write to, or one member alone. */
  database(run: string, host = this.scene.address): DatabaseOptions {
    if (host === undefined) throw new Error('the Service has no address');
    const { engine } = this.target;
    return { engine, host, port: engines[engine].port, acks: acksOf(this.target), ackMs, run };
  }

  close(): void {
    this.#end.abort(new Error('the arena is closed'));
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    const request = { database: this.database(''), clients: [], timeoutMs: 2_000 };
    const deadline = performance.now() + prepareMs;
    for (;;) {
      try {
        await this.clients[0]?.prepare(request);
        return;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      await sleep(200, undefined, { signal });
    }
  }
}
