import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { durationMs } from '../../api/duration.ts';
import { apiVersion, kind } from '../../api/haservice.ts';
import { type Spec, specSchema } from '../../api/spec.ts';
import type { Status } from '../../api/status.ts';
import { systemClock } from '../../lib/clock.ts';
import { needsLease, speaksProtocol } from '../../core/model/capabilities.ts';
import { KubeClient } from '../../kube/client.ts';
import type { EndpointSlice, Pod } from '../../kube/api-types.ts';
import { silentLog } from '../../lib/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { Operator } from '../operator.ts';
import { FakeAgent, type FakeVolume, emptyVolume } from './fake-agent.ts';
import { FakeCluster } from './fake-cluster.ts';

/** A program in a pod: an HTTP server of this process, on its own address of the loopback network. */
class Program {
  readonly #server;
  readonly #sockets = new Set<Socket>();
  status = 200;
  /** The only path on which it says that it is well; undefined: any. */
  path: string | undefined;
  /** The paths of the hooks that were called. */
  readonly calls: string[] = [];

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.method === 'POST') this.calls.push(request.url ?? '');
      const isWell = request.method === 'POST' || [undefined, request.url].includes(this.path);
      response.writeHead(isWell ? this.status : 404).end('ok');
    });
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
  }

  async listen(host: string, port: number): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(port, host, resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  /** Like SIGKILL: everything is closed at once, and connections are refused from then on. */
  kill(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }
}

/**
 * The whole operator against a fake cluster, in this process. A kubelet gives each pod an address and a program at once,
 * and removes deleted pods.
 */
export class World {
  readonly cluster: FakeCluster;
  readonly programs = new Map<string, Program>();
  /** Members that speak the member protocol, by the name of their pod. */
  readonly agents = new Map<string, FakeAgent>();
  /** Volumes of volumeClaimTemplates, by the name of the pod: they stay when the pod is deleted. */
  readonly volumes = new Map<string, FakeVolume>();
  readonly port: number;
  readonly metrics = new Metrics();
  kubelet = true;
  /** Of the operator's pod. */
  namespace: string | undefined = 'system';
  watchNamespaces: string[] | undefined;
  /** How often the operator has asked to be started again. */
  restarts = 0;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();
  readonly #addresses = new Map<string, string>();
  #client: KubeClient | undefined;
  #closed = false;

  private constructor(cluster: FakeCluster, port: number) {
    this.cluster = cluster;
    this.port = port;
  }

  /** @param prepare Called before the operator is started. */
  static async start(prepare: (world: World) => void = () => {}): Promise<World> {
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
    prepare(world);
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
      metrics: this.metrics,
      nodeName: undefined,
      instance: 'test',
      namespace: this.namespace,
      agentImage: 'operator',
      watchNamespaces: this.watchNamespaces,
      onOtherNamespaces: () => this.restarts++,
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
    for (const program of [...this.programs.values(), ...this.agents.values()]) program.kill();
    await this.cluster.close();
  }

  /** Stores the resource as the API server would, with defaults. */
  apply(name: string, spec: object = {}): void {
    // Pods of other tests use the same addresses at the same time: each world has a port of its own for its agents.
    const engine = { type: 'HTTP', agentPort: this.port, ...(spec as { engine?: object }).engine };
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
      this.#endPodsThatAreGone();
      for (const pod of this.cluster.list('pods') as Pod[]) await this.#sync(pod);
      const version = JSON.stringify(this.cluster.list('pods'));
      await this.cluster.until(
        () =>
          this.#closed || (this.kubelet && JSON.stringify(this.cluster.list('pods')) !== version),
      );
    }
  }

  /** Pods that were deleted with a grace period of 0: their processes end a moment later. */
  #endPodsThatAreGone(): void {
    for (const running of [this.programs, this.agents]) {
      for (const [name, program] of running) {
        if (this.cluster.get('pods', name) !== undefined) continue;
        program.kill();
        running.delete(name);
      }
    }
  }

  async #sync(pod: Pod): Promise<void> {
    const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {};
    if (deletionTimestamp !== undefined) {
      for (const running of [this.programs, this.agents]) {
        running.get(name)?.kill();
        running.delete(name);
      }
      this.cluster.remove('pods', name);
      return;
    }
    if (this.#addresses.has(uid) || pod.metadata?.ownerReferences === undefined) return;
    const ip = `127.0.1.${this.#addresses.size + 1}`;
    this.#addresses.set(uid, ip);
    await this.#run(pod, ip);
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

  /** Starts what the pod's container runs, at the one port that all programs have here. */
  async #run(pod: Pod, ip: string): Promise<void> {
    const { name = '', uid = '', ownerReferences } = pod.metadata ?? {};
    const owner = this.cluster.get('haservices', ownerReferences?.[0]?.name ?? '');
    const spec = (owner as { spec?: Spec } | undefined)?.spec;
    if (spec === undefined || !speaksProtocol(spec)) {
      const program = new Program();
      this.programs.set(name, program);
      const { env = [] } = pod.spec?.containers[0] ?? {};
      program.path = env.find((variable) => variable.name === 'HEALTH_PATH')?.value;
      await program.listen(ip, this.port);
      return;
    }
    let volume = this.volumes.get(name);
    if (volume === undefined || spec.volumeClaimTemplates.length === 0) volume = emptyVolume();
    this.volumes.set(name, volume);
    const leaseMs = needsLease(spec) ? durationMs(spec.failover.leaseDuration) : undefined;
    const agent = new FakeAgent({ name, uid, volume, peers: this.agents, leaseMs });
    this.agents.set(name, agent);
    await agent.listen(ip, this.port);
  }
}
