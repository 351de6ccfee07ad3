import type { KubeObject } from '../../src/kube/api-types.ts';
import type { Store } from '../../src/kube/store.ts';
import type { Stores } from '../../src/controller/state/stores.ts';
import type { ApiServer, Change, Snapshot } from './api-server.ts';
import { type WatchedKind, watchedKinds } from './watched-kinds.ts';
import type { Kernel } from './kernel.ts';
import type { Network } from './network.ts';

const storesOf = (stores: Stores): Record<WatchedKind, Store<KubeObject>> => ({
  haservices: stores.resources as unknown as Store<KubeObject>,
  pods: stores.pods,
  services: stores.services,
  endpointslices: stores.slices as unknown as Store<KubeObject>,
  poddisruptionbudgets: stores.budgets,
  nodes: stores.nodes,
  persistentvolumeclaims: stores.claims,
});

const perKind = (ms: number) =>
  Object.fromEntries(watchedKinds.map((kind) => [kind, ms])) as Record<WatchedKind, number>;

/** What an API server whose cache is behind shows to an operator that begins. */
export interface Past {
  kinds: readonly WatchedKind[];
  snapshot: Snapshot;
  /** For so long. */
  ms: number;
}

export interface WatchesOptions {
  kernel: Kernel;
  network: Network;
  api: ApiServer;
  /** Of the operator. */
  place: string;
  stores: Stores;
  past: Past | undefined;
  /** A mutant: a list that follows a broken watch removes nothing. */
  keepsUnlisted: boolean;
  /** Every store has been filled for the first time. */
  onSynced: () => void;
}

/**
 * What fills an operator's stores, in place of src/kube/reflector.ts: one watch for each kind, each in order but late, the one
 * later than the other; a watch that breaks is followed by a new list.
 */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #stores: Record<WatchedKind, Store<KubeObject>>;
  /** When the last event of a watch arrives: the next cannot overtake it. */
  readonly #lastAt = perKind(0);
  readonly #broken = new Set<WatchedKind>();
  readonly #missing = new Set<WatchedKind>(watchedKinds);
  /** Until when a watch passes nothing on. */
  readonly #stalledUntil = perKind(0);
  #isClosed = false;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#stores = storesOf(options.stores);
    options.api.watchers.add(this.#watch);
    // No user of the model has settings, or opts a namespace out of chaos.
    for (const store of [options.stores.settings, options.stores.optedOutNamespaces]) {
      store.replace([], '1');
    }
    for (const kind of watchedKinds) {
      if (options.past?.kinds.includes(kind) === true) this.#listPast(kind, options.past);
      else this.#relist(kind, 0);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#options.api.watchers.delete(this.#watch);
  }

  /** A watch breaks, and is followed by a list so much later: what has happened between the two is never seen. */
  skip(kind: WatchedKind, ms: number): void {
    this.#broken.add(kind);
    this.#relist(kind, ms);
  }

  /** A watch passes on nothing for so long: its events come late, or are lost and listed anew. */
  stall(kind: WatchedKind, ms: number): void {
    this.#stalledUntil[kind] = this.#options.kernel.nowMs + ms;
  }

  readonly #watch = ({ kind: name, object, isGone }: Change): void => {
    const kind = watchedKinds.find((each) => each === name);
    if (kind === undefined || this.#broken.has(kind)) return;
    const { kernel, network, place } = this.#options;
    const { nowMs, random } = kernel;
    if (network.isCut('api', place)) {
      this.#broken.add(kind);
      this.#relist(kind, random.between(500, 4_000));
      return;
    }
    const stalled = this.#stalledUntil[kind];
    const usual = random.chance(0.1) ? random.between(20, 400) : random.between(0.5, 5);
    const atMs = Math.max(this.#lastAt[kind], Math.max(nowMs, stalled) + usual);
    this.#lastAt[kind] = atMs;
    kernel.after(atMs - nowMs, () => {
      if (this.#isClosed) return;
      const store = this.#stores[kind];
      if (isGone) store.remove(object);
      else store.put(object);
    });
  };

  #relist(kind: WatchedKind, ms: number): void {
    const { kernel, network, place, api } = this.#options;
    kernel.after(ms, () => {
      if (this.#isClosed) return;
      if (network.isCut('api', place) || network.isCut(place, 'api')) {
        this.#relist(kind, 1_000);
        return;
      }
      this.#broken.delete(kind);
      const objects = api.list(kind);
      const version = String(api.version);
      kernel.after(kernel.random.between(1, 10), () => this.#fill(kind, objects, version));
    });
  }

  #listPast(kind: WatchedKind, { snapshot, ms }: Past): void {
    const objects = [...(snapshot.objects.get(kind)?.values() ?? [])];
    const { kernel } = this.#options;
    this.#broken.add(kind);
    kernel.after(kernel.random.between(1, 10), () => {
      this.#fill(kind, objects, String(snapshot.version));
      this.#relist(kind, ms);
    });
  }

  #fill(kind: WatchedKind, objects: KubeObject[], version: string): void {
    if (this.#isClosed) return;
    const store = this.#stores[kind];
    if (this.#options.keepsUnlisted && !this.#missing.has(kind))
      for (const object of objects) store.put(object);
    else store.replace(objects, version);
    const isNews = this.#missing.delete(kind) && this.#missing.size === 0;
    if (isNews) this.#options.onSynced();
  }
}
