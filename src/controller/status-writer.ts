import type { HAService } from '../api/haservice.ts';
import type { Status } from '../api/status.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Connection } from './connection.ts';
import { haServices } from './resource-type.ts';
import type { Stores } from './stores.ts';

export interface StatusWriter {
  client: KubeClient;
  stores: Stores;
  connection: Connection;
}

/**
 * Compare-and-swap of the status, guarded by resourceVersion. False where somebody else has changed the resource
 * meanwhile, or it is gone; the cache then holds what is there now.
 */
export async function writeStatus(
  { client, stores, connection }: StatusWriter,
  object: HAService,
  status: Status,
  signal: AbortSignal,
): Promise<boolean> {
  const { name, namespace, uid } = object.metadata;
  const ref = { namespace, name };
  const store = stores.resources;
  try {
    store.observeWrite(await client.replaceStatus(haServices, { ...object, status }, { signal }));
    connection.heard();
    return true;
  } catch (error) {
    connection.failed(error);
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
  try {
    const fresh = await client.get(haServices, ref, { signal });
    if (fresh.metadata.uid !== uid) store.observeDelete(ref, uid);
    store.observeWrite(fresh);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    store.observeDelete(ref, uid);
  }
  return false;
}
