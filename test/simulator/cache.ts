import type { ApiServer, Change, PodObject, ServiceObject, SliceObject } from './api-server.ts';
import type { Kernel } from './kernel.ts';
import type { Network } from './network.ts';

type Kind = Change['kind'];
const kinds: Kind[] = ['service', 'slice', 'pod'];

/**
 * An operator's cache, as src/kube/store.ts: fed by one watch for each kind, each in order but late, the one later than the
 * other; a watch that breaks is followed by a new list. Answers to own writes come in at once, and what is older is passed over.
 */
export class Cache {
  service: ServiceObject | undefined;
  slice: SliceObject | undefined;
  readonly pods = new Map<string, PodObject>();
  readonly #kernel: Kernel;
  readonly #network: Network;
  readonly #api: ApiServer;
  readonly #place: string;
  readonly #onChange: () => void;
  /** UIDs of pods that are known to be gone. */
  readonly #gone = new Set<string>();
  /** When the last event of a watch arrives: the next cannot overtake it. */
  readonly #lastAt: Record<Kind, number> = { service: 0, slice: 0, pod: 0 };
  readonly #broken = new Set<Kind>();
  /** Until when a watch passes nothing on. */
  readonly #stalledUntil: Record<Kind, number> = { service: 0, slice: 0, pod: 0 };
  #isClosed = false;

  constructor(
    kernel: Kernel,
    network: Network,
    api: ApiServer,
    place: string,
    onChange: () => void,
  ) {
    this.#kernel = kernel;
    this.#network = network;
    this.#api = api;
    this.#place = place;
    this.#onChange = onChange;
    api.watchers.add(this.#watch);
    for (const kind of kinds) this.#relist(kind, 0);
  }

  close(): void {
    this.#isClosed = true;
    this.#api.watchers.delete(this.#watch);
  }

  /** A watch passes on nothing for so long: its events come late, or are lost and listed anew. */
  stall(kind: Kind, ms: number): void {
    this.#stalledUntil[kind] = this.#kernel.nowMs + ms;
  }

  putService(object: ServiceObject): void {
    if (object.version <= (this.service?.version ?? 0)) return;
    this.service = object;
    this.#onChange();
  }

  putSlice(object: SliceObject): void {
    if (object.version <= (this.slice?.version ?? 0)) return;
    this.slice = object;
    this.#onChange();
  }

  putPod(object: PodObject): void {
    const { name, uid } = object.member;
    if (this.#gone.has(uid)) return;
    if (object.version <= (this.pods.get(name)?.version ?? 0)) return;
    this.pods.set(name, object);
    this.#onChange();
  }

  dropPod({ name, uid }: { name: string; uid: string }): void {
    this.#gone.add(uid);
    if (this.pods.get(name)?.member.uid !== uid) return;
    this.pods.delete(name);
    this.#onChange();
  }

  readonly #watch = (change: Change): void => {
    const { kind } = change;
    if (this.#broken.has(kind)) return;
    const { nowMs, random } = this.#kernel;
    if (this.#network.isCut('api', this.#place)) {
      this.#broken.add(kind);
      this.#relist(kind, random.between(500, 4_000));
      return;
    }
    const stalled = this.#stalledUntil[kind];
    const usual = random.chance(0.1) ? random.between(20, 400) : random.between(0.5, 5);
    const atMs = Math.max(this.#lastAt[kind], Math.max(nowMs, stalled) + usual);
    this.#lastAt[kind] = atMs;
    this.#kernel.after(atMs - nowMs, () => {
      if (this.#isClosed) return;
      this.#take(change);
    });
  };

  #take(change: Change): void {
    if (change.kind === 'service') this.putService(change.object);
    else if (change.kind === 'slice') this.putSlice(change.object);
    else if (change.isGone) this.dropPod(change.object.member);
    else this.putPod(change.object);
  }

  #relist(kind: Kind, ms: number): void {
    this.#kernel.after(ms, () => {
      if (this.#isClosed) return;
      if (this.#network.isCut('api', this.#place) || this.#network.isCut(this.#place, 'api')) {
        this.#relist(kind, 1_000);
        return;
      }
      this.#broken.delete(kind);
      const { service, slice, version } = this.#api;
      const pods = [...this.#api.pods.values()];
      this.#kernel.after(this.#kernel.random.between(1, 10), () => {
        if (this.#isClosed) return;
        if (kind === 'service') this.putService(service);
        else if (kind === 'slice' && slice !== undefined) this.putSlice(slice);
        else if (kind === 'pod') this.#replacePods(pods, version);
      });
    });
  }

  #replacePods(pods: PodObject[], version: number): void {
    const listed = new Set(pods.map(({ member }) => member.uid));
    for (const old of [...this.pods.values()]) {
      if (!listed.has(old.member.uid) && old.version <= version) this.dropPod(old.member);
    }
    for (const object of pods) this.putPod(object);
  }
}
