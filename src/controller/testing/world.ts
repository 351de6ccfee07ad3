import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { apiVersion, kind } from '../../api/haservice.ts';
import { specSchema } from '../../api/spec.ts';
import type { Status } from '../../api/status.ts';
import { systemClock } from '../../core/clock.ts';
import { KubeClient } from '../../kube/client.ts';
import type { EndpointSlice, Pod } from '../../kube/wire.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Operator } from '../operator.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A program in a pod: an HTTP server of this process, on an address of its own of the loopback network. */
class Program {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  status = 200;
  /** What hooks were called with. */
  readonly calls: string[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.method === 'POST') this.calls.push(request.url ?? '');
      response.writeHead(this.status).end('ok');
    });
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, host, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** As SIGKILL: everything is closed at once, and connections are refused from then on. */
  kill(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/**
 * The whole operator against a fake cluster, in this process. A kubelet gives each pod an address and a program at once,
 * and takes deleted pods away.
 */
export class World {
  readonly cluster: FakeCluster;
  readonly programs = new Map<string, Program>();
  readonly port: number;
  kubelet = true;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #addresses = new Map<string, string>();
  #client: KubeClient | undefined;
  #closed = false;

  private constructor(cluster: FakeCluster, port: number) {
    this.cluster = cluster;
    this.port = port;
  }

  static async start(): Promise<World> {
    const probe = new Program();
    const port = await probe.listen('127.0.0.1', 0);
    probe.kill();
    const world = new World(await FakeCluster.start(), port);
    for (const zone of ['a', 'b', 'c']) {
      world.cluster.put('nodes', {
        metadata: { name: `node-${zone}`, labels: { 'topology.kubernetes.io/zone': zone } },
        status: { conditions: [{ type: 'Ready', status: 'True' }] },
      });
    }
    void world.#runKubelet();
    world.startOperator();
    return world;
  }

  startOperator(): void {
    this.#stop = new AbortController();
    this.#client = KubeClient.fromKubeConfig(this.cluster.api.config());
    const operator = new Operator({
      client: this.#client,
      clock: systemClock,
      random: Math.random,
      log: silentLog,
      metrics: new Metrics(),
      nodeName: undefined,
      instance: 'test',
      agentImage: 'operator',
    });
    this.#running = operator.run(this.#stop.signal);
  }

  async stopOperator(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.#client?.close();
  }

  async close(): Promise<void> {
    await this.stopOperator();
    this.#closed = true;
    for (const program of this.programs.values()) program.kill();
    await this.cluster.close();
  }

  /** As the API server takes it, with defaults. */
  apply(name: string, spec: object = {}): void {
    const engine = { type: 'HTTP', ...(spec as { engine?: object }).engine };
    const old = this.cluster.get('haservices', name);
    const generation = (old?.metadata.generation ?? 0) + 1;
    this.cluster.put('haservices', {
      ...old,
      apiVersion,
      kind,
      metadata: { ...old?.metadata, name, namespace: 'shop', generation },
      spec: specSchema.parse({
        ports: [{ port: this.port }],
        heartbeat: { interval: '20ms', timeout: '1s' },
        template: { spec: { containers: [{ name: 'web', image: 'web' }] } },
        ...spec,
        engine,
      }),
    });
  }

  status(name = 'web'): Status {
    return this.cluster.get('haservices', name)?.status ?? {};
  }

  condition(type: string, name = 'web') {
    return this.status(name).conditions?.find((condition) => condition.type === type);
  }

  healthy = (name = 'web') => this.status(name).phase === 'Healthy';

  /** Names of the pods behind a Service. */
  behind(service: string): string[] {
    const slice = this.cluster.get('endpointslices', `${service}-haservice-dev`) as
      EndpointSlice | undefined;
    return (slice?.endpoints ?? []).map(({ targetRef }) => targetRef?.name ?? '').sort();
  }

  /** Writes that are not Events, from the `from`th on. */
  writes(from = 0): string[] {
    return this.cluster.writes.slice(from).filter((write) => !write.includes(' events'));
  }

  async #runKubelet(): Promise<void> {
    while (!this.#closed) {
      for (const pod of this.cluster.list('pods') as Pod[]) await this.#sync(pod);
      const version = JSON.stringify(this.cluster.list('pods'));
      await this.cluster.until(
        () =>
          this.#closed || (this.kubelet && JSON.stringify(this.cluster.list('pods')) !== version),
      );
    }
  }

  async #sync(pod: Pod): Promise<void> {
    const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {};
    if (deletionTimestamp !== undefined) {
      this.programs.get(name)?.kill();
      this.programs.delete(name);
      this.cluster.remove('pods', name);
      return;
    }
    if (this.#addresses.has(uid) || pod.metadata?.ownerReferences === undefined) return;
    const ip = `127.0.1.${this.#addresses.size + 1}`;
    this.#addresses.set(uid, ip);
    const program = new Program();
    this.programs.set(name, program);
    await program.listen(ip, this.port);
    const { nodeSelector } = pod.spec ?? {};
    const zone = nodeSelector?.['topology.kubernetes.io/zone'] ?? 'abc'[Number(name.slice(-1)) % 3];
    this.cluster.put('pods', {
      ...pod,
      spec: { ...pod.spec, nodeName: `node-${zone}` },
      status: {
        phase: 'Running',
        podIP: ip,
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }
}
