import { fieldManager } from '../../api/labels.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import { namesToRemove } from '../../core/resources/given-names.ts';
import { isAlreadyExists, isConflict, isNotFound, isUnanswered } from '../../kube/api-error.ts';
import { type Steps, apply, create, get, mergePatch } from '../../kube/api-request.ts';
import {
  type ResourceType,
  endpointSlices,
  podDisruptionBudgets,
  services,
} from '../../kube/resources.ts';
import type { Store } from '../../kube/store.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { isDeepStrictEqual } from 'node:util';
import type { UndoneChange } from '../../core/status/undone-change.ts';
import { differences, needsUpdate } from './semantic-equality.ts';
import { isOrphan } from '../state/owner-references.ts';
import { adopt } from './adopt.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

interface Kind {
  type: ResourceType<KubeObject>;
  store: Store<KubeObject>;
}

export function kindOf(manifest: Manifest, stores: Stores): Kind {
  switch (manifest.kind) {
    case 'Service':
      return { type: services, store: stores.services };
    case 'EndpointSlice':
      return { type: endpointSlices, store: stores.slices } as unknown as Kind;
    default:
      return { type: podDisruptionBudgets, store: stores.budgets };
  }
}

/**
 * The manifests that this process has last found or made true, by `idOf`: if such an object is not as its manifest says, somebody else
 * has changed it.
 */
export type ConfirmedManifests = Map<string, Manifest>;

export const idOf = ({ kind, metadata }: { kind: string; metadata: { name: string } }) =>
  `${kind}/${metadata.name}`;

/** What an object is to be like, in parts: its manifest, and without the names that it was given before and has no more. */
export const wishedParts = (
  manifest: Manifest,
  removed: ReturnType<typeof namesToRemove>,
): unknown[] => [manifest, { metadata: removed ?? {} }];

const referenceTo = ({ apiVersion, kind, metadata }: Manifest, written: KubeObject) => {
  const { name, namespace } = metadata;
  const uid = written.metadata?.uid;
  return { apiVersion, kind, name, namespace, ...(uid === undefined ? {} : { uid }) };
};

/**
 * What a write has changed: nothing; the object; or only the cache, which was out of date and now has the current object, so that the
 * next pass can decide on it.
 */
export type Change = 'Same' | 'Written' | 'Refreshed';

/**
 * Creates an object, takes it over from an earlier resource of this name, or changes it to its manifest. Writes only if there is a
 * difference, and never an object that another owner controls: that one is returned as `foreign`. May be repeated at any time.
 *
 * @param confirmed is changed here. A change of the object by somebody else, which this call has undone, is returned.
 *
 * @throws HAError if the API server refused the write, was not reached, or has failed.
 */
export function* ensureOwnedObject(
  stores: Stores,
  manifest: Manifest,
  confirmed: ConfirmedManifests,
): Steps<Change | { foreign: KubeObject } | UndoneChange> {
  const { type, store } = kindOf(manifest, stores);
  const { name, namespace } = manifest.metadata;
  const id = idOf(manifest);
  const actual = store.get(namespace, name);
  /** It was as it is to be: so somebody else has changed it since. */
  const wasConfirmed = isDeepStrictEqual(confirmed.get(id), manifest);
  /** Reads the object into the cache. False if the cache had the same one. */
  const refresh = function* (): Steps<boolean> {
    try {
      store.observeWrite(yield* get(type, { namespace, name }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (actual !== undefined) {
        store.observeDelete({ namespace, name }, actual.metadata?.uid ?? '');
      }
    }
    return store.get(namespace, name) !== actual;
  };
  try {
    if (actual === undefined) {
      const created = yield* create(type, manifest as KubeObject);
      store.observeWrite(created);
      const wasDeleted = confirmed.has(id);
      confirmed.set(id, manifest);
      return wasDeleted ? { object: referenceTo(manifest, created), what: 'Deleted' } : 'Written';
    }
    const [owner] = manifest.metadata.ownerReferences ?? [];
    if (controllerUid(actual) !== owner?.uid) {
      if (owner === undefined || !isOrphan(actual, owner)) return { foreign: actual };
      // An earlier resource of this name was deleted with `--cascade=orphan`.
      const adopted = yield* adopt(type, actual, owner);
      if (adopted === undefined) return 'Same';
      store.observeWrite(adopted);
      return 'Written';
    }
    // It is being deleted: the next one is created when it is gone.
    if (actual.metadata?.deletionTimestamp !== undefined) return 'Same';
    const removed = namesToRemove(manifest, actual.metadata);
    const wished = wishedParts(manifest, removed);
    const isAsWished = (object: KubeObject) => !wished.some((each) => needsUpdate(each, object));
    if (isAsWished(actual)) {
      confirmed.set(id, manifest);
      return 'Same';
    }
    const what = wasConfirmed ? wished.flatMap((each) => [...differences(each, actual)]) : [];
    const written = yield* write(type, manifest, actual, removed);
    store.observeWrite(written);
    // If an admission webhook changes what is written, the next difference is not the work of a person.
    if (isAsWished(written)) confirmed.set(id, manifest);
    else confirmed.delete(id);
    return what.length > 0 ? { object: referenceTo(manifest, written), what } : 'Written';
  } catch (error) {
    // It may have been written all the same: that would not be the work of somebody else.
    if (isUnanswered(error)) confirmed.delete(id);
    // If the cache was out of date, the next pass decides on the current object.
    const mayBeBehind = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
    if (mayBeBehind && (yield* refresh())) return 'Refreshed';
    throw error;
  }
}

/** Guarded by resourceVersion, so that an operator with an old cache cannot undo the write of a newer operator. */
function write(
  type: ResourceType<KubeObject>,
  manifest: Manifest,
  actual: KubeObject,
  removed: ReturnType<typeof namesToRemove>,
): Steps<KubeObject> {
  const { name, namespace } = manifest.metadata;
  const resourceVersion = actual.metadata?.resourceVersion;
  const { labels, annotations } = manifest.metadata;
  const metadata = {
    resourceVersion,
    labels: { ...removed?.labels, ...labels },
    annotations: { ...removed?.annotations, ...annotations },
  };
  if (manifest.kind === 'Service') {
    // A merge patch replaces the whole list of ports: server-side apply would leave a port that was added by hand.
    return mergePatch(type, { namespace, name }, { metadata, spec: manifest['spec'] });
  }
  if (manifest.kind === 'PodDisruptionBudget') {
    // Server-side apply would leave a maxUnavailable that was added by hand, and with both the budget is refused.
    const spec = replacing(manifest['spec'], (actual as { spec?: unknown }).spec);
    return mergePatch(type, { namespace, name }, { metadata, spec });
  }
  if (removed !== undefined) {
    // Server-side apply would leave the labels and annotations that the slice was created with.
    const { endpoints, ports } = manifest;
    return mergePatch(type, { namespace, name }, { metadata, endpoints, ports });
  }
  const object = { ...manifest, metadata: { ...manifest.metadata, resourceVersion } };
  return apply(type, object as KubeObject, { fieldManager });
}

/** A merge patch that leaves nothing of `actual` that `desired` has not. */
function replacing(desired: unknown, actual: unknown): unknown {
  if (!isObject(desired) || !isObject(actual)) return desired;
  const gone = Object.keys(actual).filter((key) => !(key in desired));
  const kept = Object.entries(desired).map(([key, value]) => [key, replacing(value, actual[key])]);
  return Object.fromEntries([...gone.map((key) => [key, null]), ...kept]) as unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
