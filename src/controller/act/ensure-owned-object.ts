import { fieldManager } from '../../api/labels.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import { namesToRemove } from '../../core/resources/given-names.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, apply, create, get, mergePatch } from '../../kube/api-request.ts';
import {
  type ResourceType,
  endpointSlices,
  podDisruptionBudgets,
  services,
} from '../../kube/resources.ts';
import type { Store } from '../../kube/store.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { needsUpdate } from './semantic-equality.ts';
import { isOrphan } from '../state/owner-references.ts';
import { adopt } from './adopt.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

interface Kind {
  type: ResourceType<KubeObject>;
  store: Store<KubeObject>;
}

function kindOf(manifest: Manifest, stores: Stores): Kind {
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
 * What a write has changed: nothing; the object; or only the cache, which was out of date and now has the current object, so that the
 * next pass can decide on it.
 */
export type Change = 'Same' | 'Written' | 'Refreshed';

/**
 * Creates an object, takes it over from an earlier resource of this name, or changes it to its manifest. Writes only if there is a
 * difference, and never an object that another owner controls: that one is returned as `foreign`. May be repeated at any time.
 *
 * @throws HAError if the API server refused the write, was not reached, or has failed.
 */
export function* ensureOwnedObject(
  stores: Stores,
  manifest: Manifest,
): Steps<Change | { foreign: KubeObject }> {
  const { type, store } = kindOf(manifest, stores);
  const { name, namespace } = manifest.metadata;
  const actual = store.get(namespace, name);
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
      store.observeWrite(yield* create(type, manifest as KubeObject));
      return 'Written';
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
    if (!needsUpdate(manifest, actual) && !needsUpdate({ metadata: removed ?? {} }, actual)) {
      return 'Same';
    }
    store.observeWrite(yield* write(type, manifest, actual, removed));
    return 'Written';
  } catch (error) {
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
  if (manifest.kind === 'Service') {
    // A merge patch replaces the whole list of ports: server-side apply would leave a port that was added by hand.
    const { labels, annotations } = manifest.metadata;
    const metadata = {
      resourceVersion,
      labels: { ...removed?.labels, ...labels },
      annotations: { ...removed?.annotations, ...annotations },
    };
    return mergePatch(type, { namespace, name }, { metadata, spec: manifest['spec'] });
  }
  const object = { ...manifest, metadata: { ...manifest.metadata, resourceVersion } };
  return apply(type, object as KubeObject, { fieldManager });
}
