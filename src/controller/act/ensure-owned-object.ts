import { fieldManager } from '../../api/labels.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import {
  type ResourceType,
  endpointSlices,
  podDisruptionBudgets,
  services,
} from '../../kube/resources.ts';
import type { Store } from '../../kube/store.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { needsUpdate } from './semantic-equality.ts';
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

export type EnsureResult = 'Same' | 'Written' | { foreign: KubeObject };

/** Makes a child as the manifest says, writing only where it is not. Never touches one that is not ours. */
export async function ensureChild(
  client: KubeClient,
  stores: Stores,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<EnsureResult> {
  const { type, store } = kindOf(manifest, stores);
  const { name, namespace } = manifest.metadata;
  const actual = store.get(namespace, name);
  /** What is there now goes into the cache. False where that is nothing new. */
  const refresh = async (): Promise<boolean> => {
    try {
      store.observeWrite(await client.get(type, { namespace, name }, { signal }));
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
      store.observeWrite(await client.create(type, manifest, { signal }));
      return 'Written';
    }
    if (controllerUid(actual) !== manifest.metadata.ownerReferences?.[0]?.uid) {
      return { foreign: actual };
    }
    // On its way out: the next one is made when it has gone.
    if (actual.metadata?.deletionTimestamp !== undefined) return 'Same';
    if (!needsUpdate(manifest, actual) && !hasSelector(actual)) return 'Same';
    store.observeWrite(await write(client, type, manifest, actual, signal));
    return 'Written';
  } catch (error) {
    // Where the cache was behind, what is there now decides in the next pass.
    const mayBeBehind = isConflict(error) || isAlreadyExists(error) || isNotFound(error);
    if (mayBeBehind && (await refresh())) return 'Written';
    throw error;
  }
}

/** A Service that was given a selector by hand would get endpoints that we did not choose. */
const hasSelector = (object: KubeObject): boolean =>
  object.kind === 'Service' && 'selector' in ((object as { spec?: object }).spec ?? {});

/** Guarded by resourceVersion, so that an operator with an old cache cannot undo a newer one's write. */
function write(
  client: KubeClient,
  type: ResourceType<KubeObject>,
  manifest: Manifest,
  actual: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject> {
  const { name, namespace } = manifest.metadata;
  const resourceVersion = actual.metadata?.resourceVersion;
  if (manifest.kind === 'Service') {
    // A merge patch replaces the list of ports whole: server-side apply would leave a port that was added by hand.
    const { metadata, spec } = manifest;
    const patch = {
      metadata: { resourceVersion, labels: metadata.labels },
      spec: { ...(spec as object), selector: null },
    };
    return client.mergePatch(type, { namespace, name }, patch, { signal });
  }
  const object = { ...manifest, metadata: { ...manifest.metadata, resourceVersion } };
  return client.apply(type, object as KubeObject, { fieldManager, force: true, signal });
}
