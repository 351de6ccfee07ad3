import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import { haServices } from '../state/resource-type.ts';
import type { Stores } from '../state/stores.ts';

export interface StatusWriter {
  client: KubeClient;
  stores: Stores;
  connection: ApiServerHealth;
}

/**
 * A status as the API server gives it back: without what JSON does not know, and without halves of characters, which are what
 * is left where a text was cut. One that never comes back as it was written would be written again and again.
 */
export const asStored = (status: Status): Status =>
  JSON.parse(JSON.stringify(status), (_key, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ) as Status;

/**
 * Compare-and-swap of the status, guarded by resourceVersion. False where somebody else has changed the resource
 * meanwhile, or it is gone; the cache then holds what is there now.
 *
 * @throws HAError where the API server refused it, was not reached, or has failed.
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
