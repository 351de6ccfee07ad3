import { isDeepStrictEqual } from 'node:util';
import type { Ref } from './resources.ts';
import { cacheTransform } from './cache-transform.ts';
import { Completeness } from './completeness.ts';
import type { KubeObject } from './api-types.ts';

export interface Change<T> {
  type: 'added' | 'updated' | 'deleted';
  object: T;
  old?: T;
}

/** How many deleted objects are remembered, to ignore late events and answers about them. */
const maxTombstones = 1_000;

/**
 * Resource versions are compared as integers: guaranteed for built-in and custom resources since Kubernetes 1.35
 * (KEP-5504, comparable resource version).
 */
export function isLower(a = '', b = ''): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) && BigInt(a) < BigInt(b);
}

const isOlder = (a: KubeObject, b: KubeObject): boolean =>
  isLower(a.metadata?.resourceVersion, b.metadata?.resourceVersion);

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`;
const uidOf = (object: KubeObject) => object.metadata?.uid ?? '';

/**
 * A cache of objects that includes this process's own writes: their answers are stored at once, and later events with an older
 * version are ignored. So no decision uses a state from before the operator's own last write.
 *
 * The reflector fills it, the controller reports its own writes, and passes read it at any time. Listeners are called
 * synchronously, once per change, and must not throw. Every method may be called again with the same object. Objects must not be
 * changed by callers.
 */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #sharesSpec: boolean;
  readonly #indexers: Record<string, (object: T) => string[]>;
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  /** Which lists it holds. */
  readonly completeness = new Completeness();
  /** UIDs of deleted objects, with the version of their deletion; undefined: no version can bring them back. */
  readonly #tombstones = new Map<string, string | undefined>();

  /**
   * @param options.sharesSpec An object whose spec is the same as before keeps that very spec, so that what was worked out of the spec is found
   * again by its identity: a change of the status alone does not parse or hash a large spec anew.
   */
  constructor(
    options: { indexers?: Record<string, (object: T) => string[]>; sharesSpec?: boolean } = {},
  ) {
    this.#sharesSpec = options.sharesSpec ?? false;
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

  /** Whether a complete list has been stored, and the API server has not refused to list or watch the objects since. */
  get isComplete(): boolean {
    return this.completeness.why === undefined;
  }

  /**
   * The API server refuses to list or watch: the objects stay as they were last seen.
   *
   * @param namespace Default: all namespaces.
   */
  setRefused(namespace = ''): void {
    this.completeness.refused(namespace);
  }

  onChange(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stores the API server's answer to the operator's own write. */
  observeWrite(object: T): void {
    this.put(object);
  }

  /** The API server has answered the operator's own delete: the object is gone. */
  observeDelete(ref: Ref, uid: string): void {
    this.#addTombstone(uid, undefined);
    const old = this.get(ref.namespace, ref.name);
    if (old !== undefined && uidOf(old) === uid) this.#drop(old, old);
  }

  /** Stores an object from a list or watch. Ignored if a newer version is known, or the object is known to be deleted. */
  put(received: T): void {
    const key = keyOf(received.metadata?.namespace, received.metadata?.name ?? '');
    if (this.#isStale(received)) return;
    const old = this.#objects.get(key);
    // Also ignores the same version, as the watch repeats the operator's own write: nothing has changed.
    if (old !== undefined && (sameVersion(old, received) || isOlder(received, old))) return;
    const kept = cacheTransform(received);
    const object = this.#sharesSpec && old !== undefined ? withSharedSpec(kept, old) : kept;
    this.#unindex(key, old);
    this.#objects.set(key, object);
    this.#index(key, object);
    this.#emit(old === undefined ? { type: 'added', object } : { type: 'updated', object, old });
  }

  /**
   * A watch reports that an object is gone. This does not affect a newer object of the same name. A watch with a label selector
   * reports the same if an object only lost the label: the object may return, with a newer version.
   */
  remove(object: T): void {
    this.#addTombstone(uidOf(object), object.metadata?.resourceVersion);
    const old = this.get(object.metadata?.namespace, object.metadata?.name ?? '');
    if (old === undefined || uidOf(old) !== uidOf(object) || isOlder(object, old)) return;
    this.#drop(cacheTransform(object), old);
  }

  /**
   * Whether a complete list of version `resourceVersion` cannot follow what was seen before: it has an older version of an object, or
   * an object that was deleted, although it is newer itself. So it is after a backup was restored with a raised revision.
   */
  contradicts(objects: T[], resourceVersion: string): boolean {
    return objects.some((object) => {
      const old = this.get(object.metadata?.namespace, object.metadata?.name ?? '');
      const deleted = this.#tombstones.get(uidOf(object));
      const isBack = deleted !== undefined && !isLower(resourceVersion, deleted);
      const isOld = old !== undefined && isOlder(object, old);
      const seen = old?.metadata?.resourceVersion;
      return (isBack && this.#isStale(object)) || (isOld && !isLower(resourceVersion, seen));
    });
  }

  /**
   * The API server tells older versions than before, as its database was restored from a backup: versions that were seen before mean
   * nothing any more. A list must be stored next; until then the objects stay, so that nothing is taken for deleted.
   *
   * @param namespace The namespace whose list comes next. Others may have had theirs, which is not repeated: without versions their
   * objects could not be written any more. Default: all namespaces.
   */
  forget(namespace = ''): void {
    this.#tombstones.clear();
    for (const [key, object] of this.#objects) {
      if (namespace !== '' && object.metadata?.namespace !== namespace) continue;
      const { resourceVersion: _version, ...metadata } = object.metadata ?? {};
      this.#objects.set(key, { ...object, metadata });
    }
  }

  /**
   * Stores a complete list of version `resourceVersion`: objects that are missing in it and not newer are gone. The operator's own
   * later writes stay.
   *
   * @param namespace The namespace that was listed. Default: all namespaces.
   */
  replace(objects: T[], resourceVersion: string, namespace = ''): void {
    const listed = new Set(objects.map(uidOf));
    for (const old of this.list()) {
      if (namespace !== '' && old.metadata?.namespace !== namespace) continue;
      const newer = isOlder({ metadata: { resourceVersion } }, old);
      if (!listed.has(uidOf(old)) && !newer) this.#drop(old, old);
    }
    for (const object of objects) this.put(object);
    this.completeness.listed(namespace);
  }

  #drop(object: T, old: T): void {
    const key = keyOf(old.metadata?.namespace, old.metadata?.name ?? '');
    this.#unindex(key, old);
    this.#objects.delete(key);
    this.#emit({ type: 'deleted', object, old });
  }

  #addTombstone(uid: string, resourceVersion: string | undefined): void {
    const isForGood = this.#tombstones.has(uid) && this.#tombstones.get(uid) === undefined;
    if (uid === '' || isForGood) return;
    this.#tombstones.set(uid, resourceVersion);
    if (this.#tombstones.size <= maxTombstones) return;
    const [oldest] = this.#tombstones.keys();
    if (oldest !== undefined) this.#tombstones.delete(oldest);
  }

  #isStale(object: T): boolean {
    const uid = uidOf(object);
    if (!this.#tombstones.has(uid)) return false;
    const resourceVersion = this.#tombstones.get(uid);
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

/** Objects of a cache are never changed. Equal generations alone prove nothing after a restored backup. */
function withSharedSpec<T extends KubeObject>(object: T, old: T): T {
  const isSame =
    object.metadata?.generation === old.metadata?.generation &&
    isDeepStrictEqual(specOf(object), specOf(old));
  return isSame && specOf(old) !== undefined ? { ...object, spec: specOf(old) } : object;
}

const specOf = (object: KubeObject): unknown => (object as { spec?: unknown }).spec;

const sameVersion = (a: KubeObject, b: KubeObject) =>
  a.metadata?.resourceVersion !== undefined &&
  a.metadata.resourceVersion === b.metadata?.resourceVersion;
