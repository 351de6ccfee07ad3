import type { Pod } from '../../src/kube/api-types.ts';
import { reportsAllData } from '../../src/protocol/completeness.ts';
import { type AgentPod, madeAs } from './agent-types.ts';
import { Agent } from './agent.ts';
import type { AgentWorld } from './agent-world.ts';
import type { ApiServer } from './api-server.ts';
import { endClaims } from './claims.ts';
import { type Data, type Entry, type Volume, emptyVolume } from './volume.ts';

export interface Container extends AgentPod {
  volume: Volume;
  agent: Agent | undefined;
  /** The pod has been told to end. */
  isEnding: boolean;
}

/** All kubelets: they start the processes of pods, start them again when they have ended, and end them with their pod. */
export class Kubelets {
  readonly containers = new Map<string, Container>();
  readonly #world: AgentWorld;
  readonly #api: ApiServer;
  /** By name of the pod, if volumes outlive pods. */
  readonly #volumes = new Map<string, Volume>();
  #addresses = 1;
  /** For so long the volume of this pod attaches, the next time. */
  readonly #attachMs = new Map<string, number>();
  /** When data were last lost, or a pod was ended: virtual milliseconds. */
  lossMs = -Infinity;

  constructor(world: AgentWorld, api: ApiServer) {
    this.#world = world;
    this.#api = api;
    api.watchers.add((change) => {
      if (change.kind !== 'pods') return;
      const { uid, node } = factsOf(change.object);
      // No kubelet knows of a pod that has no node.
      if (node === '') return;
      world.kernel.after(world.kernel.random.between(1, 60), () => this.#look(uid, node));
    });
  }

  containerAt(ip: string): Container | undefined {
    for (const container of this.containers.values()) if (container.ip === ip) return container;
    return undefined;
  }

  at(ip: string): Agent | undefined {
    return this.containerAt(ip)?.agent;
  }

  get agents(): Agent[] {
    return [...this.containers.values()].flatMap(({ agent }) => (agent ? [agent] : []));
  }

  /** What is there of a member's data: with its process, or on a volume that outlives its pod. */
  dataOf(name: string): Data | undefined {
    return this.#volumeOf(name)?.data;
  }

  /** It has data, and not just what a restart in the middle of a copy has left it. */
  isTrusted(name: string): boolean {
    const volume = this.#volumeOf(name);
    return volume?.data !== undefined && !(volume.isMarked && volume.data.isForgotten);
  }

  #volumeOf(name: string): Volume | undefined {
    const container = [...this.containers.values()].find((each) => each.agent?.name === name);
    const kept = this.#world.behaviour.keepsVolumes ? this.#volumes.get(name) : undefined;
    return container?.volume ?? kept;
  }

  /** Begins with a process that has been up for long. */
  adopt(pod: Pod, volume: Volume): Agent {
    // Addresses are not used twice.
    this.#addresses = Math.max(this.#addresses, 100);
    const container = this.#container(pod, volume);
    this.#volumes.set(container.name, volume);
    this.#probe(container, isProbed(pod));
    return this.#start(container);
  }

  /** The process ends, and its data are lost if `wipe` is true; the kubelet starts it again. */
  crash(agent: Agent, wipe = false): void {
    const container = this.containers.get(agent.pod.uid);
    agent.exit(wipe ? 'it crashes and its volume is lost' : 'it crashes');
    if (!wipe || container === undefined) return;
    this.lossMs = this.#world.kernel.nowMs;
    this.#destroy(container.volume);
  }

  /** Called when something else than the operator has destroyed a volume, with the writes that are still somewhere. */
  onDestroyed: (held: ReadonlySet<number>) => void = () => {};

  /** The claim of a pod that does not run is gone. */
  loseVolume(name: string): void {
    const volume = this.#volumes.get(name);
    if (volume !== undefined) this.#destroy(volume);
  }

  /** The writes that any volume holds, besides that of a pod. */
  entries(besides?: string): Entry[] {
    const running = [...this.containers.values()].map((container) => container.volume);
    return [...this.#volumes.values(), ...running]
      .filter((volume) => besides === undefined || volume !== this.#volumes.get(besides))
      .flatMap(({ data, onDisk }) => [...(data?.log ?? []), ...(onDisk?.log ?? [])]);
  }

  #destroy(volume: Volume): void {
    Object.assign(volume, emptyVolume());
    this.onDestroyed(new Set(this.entries().map(({ id }) => id)));
  }

  /** The volume of this pod attaches slowly, the next time. */
  attachSlowly(name: string, ms: number): void {
    this.#attachMs.set(name, ms);
  }

  #isCut = (place: string) =>
    this.#world.network.isCut(place, 'api') || this.#world.network.isCut('api', place);

  /** The node looks at what the API server says of a pod. */
  #look(uid: string, place: string): void {
    const { kernel } = this.#world;
    // It asks again until it is heard.
    if (this.#isCut(place)) return void kernel.after(1_000, () => this.#look(uid, place));
    const pod = this.#api.podOf(uid);
    const isEnding = pod?.metadata?.deletionTimestamp !== undefined;
    const container = this.containers.get(uid);
    if (container === undefined) {
      if (isEnding) this.#api.removePod(uid);
      else if (pod !== undefined) this.#prepare(pod);
    } else if (pod === undefined) {
      this.#end(container, 0);
    } else if (isEnding) {
      this.#end(container, kernel.random.between(20, 1_500));
    }
  }

  #prepare(pod: Pod): void {
    const { kernel, behaviour } = this.#world;
    const { name } = factsOf(pod);
    const kept = behaviour.keepsVolumes ? this.#volumes.get(name) : undefined;
    const volume = kept ?? emptyVolume();
    const container = this.#container(pod, volume);
    this.#volumes.set(name, volume);
    const attachMs = this.#attachMs.get(name) ?? 0;
    this.#attachMs.delete(name);
    kernel.after(attachMs + kernel.random.between(100, 1_200), () => this.#run(container));
  }

  #run(container: Container): void {
    if (container.isEnding || !this.containers.has(container.uid)) return;
    // A volume is in one place at a time, also while the process there is about to be started again.
    const isUsed = [...this.containers.values()].some(
      (other) => other !== container && other.volume === container.volume,
    );
    const again = () => this.#world.kernel.after(1_000, () => this.#run(container));
    if (isUsed || this.#isCut(container.place)) return void again();
    this.#start(container);
    const { uid, ip } = container;
    this.#api.changePod(uid, (pod) => ({ ...pod, status: running(ip, !isProbed(pod)) }));
    this.#probe(container, isProbed(this.#api.podOf(uid)));
  }

  /** Whether the pod is ready: a readiness probe is answered by the agent, and without one a process is enough. */
  #probe(container: Container, isAsked: boolean, failures = 0): void {
    const { kernel } = this.#world;
    kernel.after(probeMs, () => {
      if (this.containers.get(container.uid) !== container) return;
      const { agent } = container;
      const answers = agent !== undefined && (!isAsked || isComplete(agent));
      // Three failures in a row, but the end of a process is known at once.
      const failed = answers ? 0 : agent === undefined ? mostFailures : failures + 1;
      if (answers || failed >= mostFailures) this.#setReady(container, answers);
      this.#probe(container, isAsked, failed);
    });
  }

  #setReady({ uid, ip, place }: Container, isReady: boolean): void {
    const pod = this.#api.podOf(uid);
    const was = pod?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
    if (pod === undefined || was === isReady || this.#isCut(place)) return;
    this.#api.changePod(uid, (old) => ({ ...old, status: running(ip, isReady) }));
  }

  #container(pod: Pod, volume: Volume): Container {
    const { uid, name, node, ip } = factsOf(pod);
    const address = ip ?? `10.0.0.${this.#addresses++}`;
    const container = {
      uid,
      name,
      place: node,
      ip: address,
      ...madeAs(pod),
      volume,
      agent: undefined,
      isEnding: false,
    };
    this.containers.set(uid, container);
    return container;
  }

  #start(container: Container): Agent {
    const { uid, name, volume } = container;
    const { kernel } = this.#world;
    const agent = new Agent(this.#world, container, volume);
    kernel.note(
      name,
      () => `${uid} starts with epoch ${volume.epoch}, ${volume.data?.log.length ?? 'no'} entries`,
    );
    container.agent = agent;
    agent.onEnd = () => {
      container.agent = undefined;
      this.onProcessEnd(agent);
      if (container.isEnding) return;
      kernel.after(kernel.random.between(300, 2_000), () => {
        if (!container.isEnding && container.agent === undefined) this.#start(container);
      });
    };
    return agent;
  }

  /** A process has ended: its connections are reset. */
  onProcessEnd: (process: Agent) => void = () => {};

  #end(container: Container, ms: number): void {
    if (container.isEnding) return;
    container.isEnding = true;
    const { kernel } = this.#world;
    kernel.after(ms, () => {
      this.lossMs = kernel.nowMs;
      container.agent?.exit('its pod is deleted');
      this.containers.delete(container.uid);
      const isLost = endClaims(this.#api, container.name);
      if (isLost) this.#destroy(container.volume);
      else if (!this.#world.behaviour.keepsVolumes) Object.assign(container.volume, emptyVolume());
      const gone = () => {
        if (this.#isCut(container.place)) kernel.after(1_000, gone);
        else this.#api.removePod(container.uid);
      };
      gone();
    });
  }
}

const factsOf = ({ metadata, spec, status }: Pod) => ({
  uid: metadata?.uid ?? '',
  name: metadata?.name ?? '',
  node: spec?.nodeName ?? '',
  ip: status?.podIP,
});

/** As the readiness probe of a pod with a database asks. */
const probeMs = 2_000;
const mostFailures = 3;

const isProbed = (pod: Pod | undefined): boolean =>
  pod?.spec?.containers[0]?.readinessProbe !== undefined;

const isComplete = (agent: Agent): boolean => !agent.isFrozen && reportsAllData(agent.report());

const running = (podIP: string, isReady: boolean): NonNullable<Pod['status']> => ({
  phase: 'Running',
  podIP,
  conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
});
