import type { Ref } from './resources.ts';
import { cacheTransform } from './cache-transform.ts';
import type { KubeObject } from './api-types.ts';

export interface Change<T> {
  type: 'added' | 'updated' | 'deleted';
  object: T;
  old?: T;
}

/** How many ends of objects are remembered against late events and answers. */
const tombstones = 1_000;

/**
 * Resource versions are compared as integers: promised for built-in and custom resources since Kubernetes 1.35
 * (KEP-5504, comparable resource version).
 */
const isOlder = (a: KubeObject, b: KubeObject): boolean => {
  const [left, right] = [a, b].map((object) => object.metadata?.resourceVersion ?? '');
  if (!/^\d+$/.test(left ?? '') || !/^\d+$/.test(right ?? '')) return false;
  return BigInt(left ?? 0) < BigInt(right ?? 0);
};

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
const uidOf = (object: KubeObject) => object.metadata?.uid ?? '';

/**
 * A cache that has always seen this process's own writes: their answers are put in at once, and late events that are
 * older are passed over. So no decision is made on a state from before our own last word.
 */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Record<string, (object: T) => string[]>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  /** UIDs of objects that have left, and at which version; undefined: for good. */
  readonly #left = new Map<string, string | undefined>();

  constructor(options: { indexers?: Record<string, (object: T) => string[]> } = {}) {
    this.#indexers = options.indexers ?? {};
    for (const name of Object.keys(this.#indexers)) this.#indexes.set(name, new Map());
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: string, value: string): T[] {
    const keys = this.#indexes.get(index)?.get(value) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The API server's answer to our own write. */
  observeWrite(object: T): void {
    this.put(object);
  }

  /** Our own delete was answered "gone". */
  observeDelete(ref: Ref, uid: string): void {
    this.#bury(uid, undefined);
    const old = this.get(ref.namespace, ref.name);
    if (old !== undefined && uidOf(old) === uid) this.#drop(old, old);
  }

  /** An object as a list or watch shows it. Passed over where a newer one is known, or we know it is gone. */
  put(fat: T): void {
    const object = cacheTransform(fat);
    const key = keyOf(object.metadata?.namespace, object.metadata?.name ?? '');
    if (this.#isFromBeforeItLeft(object)) return;
    const old = this.#objects.get(key);
    // Also the same version again, as the watch's echo of our own write: nothing has changed.
    if (old !== undefined && (sameVersion(old, object) || isOlder(object, old))) return;
    this.#unindex(key, old);
    this.#objects.set(key, object);
    this.#index(key, object);
    this.#emit(old === undefined ? { type: 'added', object } : { type: 'updated', object, old });
  }

  /**
   * A watch's word that an object is gone. One of an older namesake leaves its successor alone. A watch with a label
   * selector says the same of an object that only lost the label: it may come back, with a newer version.
   */
  remove(object: T): void {
    this.#bury(uidOf(object), object.metadata?.resourceVersion);
    const old = this.get(object.metadata?.namespace, object.metadata?.name ?? '');
    if (old === undefined || uidOf(old) !== uidOf(object) || isOlder(object, old)) return;
    this.#drop(cacheTransform(object), old);
  }

  /**
   * A whole new list, true at `resourceVersion`: what is not in it and not newer is gone. What we have written since
   * stays.
   */
  replace(objects: T[], resourceVersion: string): void {
    const listed = new Set(objects.map(uidOf));
    for (const old of this.list()) {
      const newer = isOlder({ metadata: { resourceVersion } }, old);
      if (!listed.has(uidOf(old)) && !newer) this.#drop(old, old);
    }
    for (const object of objects) this.put(object);
  }

  #drop(object: T, old: T): void {
    const key = keyOf(old.metadata?.namespace, old.metadata?.name ?? '');
    this.#unindex(key, old);
    this.#objects.delete(key);
    this.#emit({ type: 'deleted', object, old });
  }

  #bury(uid: string, resourceVersion: string | undefined): void {
    const isForGood = this.#left.has(uid) && this.#left.get(uid) === undefined;
    if (uid === '' || isForGood) return;
    this.#left.set(uid, resourceVersion);
    if (this.#left.size <= tombstones) return;
    const [oldest] = this.#left.keys();
    if (oldest !== undefined) this.#left.delete(oldest);
  }

  #isFromBeforeItLeft(object: T): boolean {
    const uid = uidOf(object);
    if (!this.#left.has(uid)) return false;
    const resourceVersion = this.#left.get(uid);
    return resourceVersion === undefined || isOlder(object, { metadata: { resourceVersion } });
  }

  #index(key: string, object: T): void {
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      for (const value of indexer(object)) {
        const index = this.#indexes.get(name);
        const keys = index?.get(value) ?? new Set();
        index?.set(value, keys.add(key));
      }
    }
  }

  #unindex(key: string, object: T | undefined): void {
    if (object === undefined) return;
    for (const [name, indexer] of Object.entries(this.#indexers)) {
      for (const value of indexer(object)) {
        const index = this.#indexes.get(name);
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }

  #emit(change: Change<T>): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const sameVersion = (a: KubeObject, b: KubeObject) =>
  a.metadata?.resourceVersion !== undefined &&
  a.metadata.resourceVersion === b.metadata?.resourceVersion;
