import { setTimeout as sleep } from 'node:timers/promises';
import { chaosAnnotation } from '../../src/api/labels.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
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
  keepsWrites,
  memberCount,
  memberNames,
  serviceName,
  targetService,
} from './target/engines.ts';
import { Credentials } from './target/credentials.ts';
import type { Kubernetes } from './target/kubernetes.ts';
import { ClusterView } from './target/cluster-view.ts';

const startMs = 240_000;
const clientsStartMs = 60_000;
const prepareMs = 30_000;
const reachMs = 3_000;

/** How long a copy may take to acknowledge a write. Less than the clients wait. Milliseconds. */
const ackMs = 900;

export interface TestbedOptions {
  target: Target;
  api: Api;
  namespace: string;
  signal: AbortSignal;
}

/** The service that is tested, and a client on each node, in a namespace of their own. */
export class Testbed {
  readonly cluster: Cluster;
  readonly api: Api;
  readonly target: Target;
  readonly view: ClusterView;
  readonly clients: RemoteClient[];
  /** Undefined if the program knows none. */
  readonly credentials: Credentials | undefined;
  readonly #namespace: string;
  readonly #end: AbortController;

  private constructor(
    { api, target, namespace }: TestbedOptions,
    cluster: Cluster,
    view: ClusterView,
    clients: RemoteClient[],
    credentials: Credentials | undefined,
    end: AbortController,
  ) {
    this.cluster = cluster;
    this.api = api;
    this.target = target;
    this.#namespace = namespace;
    this.view = view;
    this.clients = clients;
    this.credentials = credentials;
    this.#end = end;
  }

  /** Recreates the namespace, and waits until the service is healthy. */
  static async open(options: TestbedOptions): Promise<Testbed> {
    const { target, api, namespace, signal } = options;
    const cluster = await Cluster.open();
    const end = new AbortController();
    const both = AbortSignal.any([signal, end.signal]);
    let credentials: Credentials | undefined;
    try {
      await freshNamespace(api.client, namespace, signal);
      await makeClocks(memberNames, signal);
      if (keepsWrites(target)) {
        credentials = await Credentials.create(api.client, namespace, target.hasTls);
      }
      const objects = [...(credentials?.objects() ?? []), targetService(target, namespace)];
      for (const object of objects) await apply(api.client, object, signal);
      const view = await ClusterView.open(api, namespace, both);
      const names = cluster.nodes.map(({ zone, name }) => ({ client: `client-${zone}`, name }));
      for (const { client, name } of names) {
        await apply(api.client, clientPod(namespace, client, name), signal);
      }
      const clients = names.map(({ client }) => new RemoteClient(api, namespace, client));
      await view.converged(startMs, both);
      await view.until(
        () => (clients.every(({ name }) => view.isRunning(name)) ? true : undefined),
        () => 'the clients do not run',
        clientsStartMs,
        both,
      );
      const testbed = new Testbed(options, cluster, view, clients, credentials, end);
      await testbed.#prepare(signal);
      return testbed;
    } catch (error) {
      end.abort(new Error('the testbed could not be opened'));
      await credentials?.close();
      throw error;
    }
  }

  /** Connection options for the Service, or for one member, with the credentials that may be right, or with those that must be. */
  database(
    run: string,
    host = this.view.address,
    which: 'possible' | 'inForce' = 'possible',
  ): DatabaseOptions {
    if (host === undefined) throw new Error('the Service has no address');
    const { engine } = this.target;
    const acks = acksOf(this.target);
    const credentials = this.credentials?.[which];
    return { engine, host, port: engines[engine].port, acks, ackMs, run, ...credentials };
  }

  /** What faults of ordinary days change. */
  get service() {
    const { engine } = this.target;
    const { port } = engines[engine];
    const hasVolumes = keepsWrites(this.target);
    const name = serviceName;
    return { namespace: this.#namespace, name, port, members: memberCount, hasVolumes };
  }

  /** As `kubectl annotate --overwrite haservice target haservice.dev/chaos="$(date -Is)"`. */
  requestExperiment(): Promise<unknown> {
    const annotations = { [chaosAnnotation]: new Date().toISOString() };
    const ref = { namespace: this.#namespace, name: serviceName };
    return this.api.client.mergePatch(haServices, ref, { metadata: { annotations } });
  }

  /** Kubernetes as the runs need it. */
  kubernetes(log: (line: string) => void, signal: AbortSignal): Kubernetes {
    const { clients, api } = this;
    const { namespace, name, port } = this.service;
    const ask = (database: DatabaseOptions) =>
      Promise.all(
        clients.map((each) => each.final({ database, clients: [each.name], timeoutMs: reachMs })),
      );
    return {
      ...{ client: api.client, namespace, name, port, log, signal },
      reachedFromEachNode: (address) => ask(this.database('', address)),
    };
  }

  async close(): Promise<void> {
    await this.credentials?.close();
    this.#end.abort(new Error('the testbed is closed'));
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
