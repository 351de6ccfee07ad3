import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, get, replaceStatus } from '../../kube/api-request.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import { haServices } from '../state/resource-type.ts';
import type { Stores } from '../state/stores.ts';

export interface StatusWriter {
  stores: Stores;
  apiServerHealth: ApiServerHealth;
}

/**
 * A status as the API server returns it: without values that JSON does not have, and without halves of characters, which remain
 * if a text was cut. A status that is not returned as it was written would be written again and again.
 */
export const asStored = (status: Status): Status => stored(status) as Status;

function stored(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  // JSON has no negative zero.
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    if (entry !== undefined) kept[key] = stored(entry);
  }
  return kept;
}

/**
 * Compare-and-swap of the status, guarded by resourceVersion. False if another client has changed the resource since, or if it is
 * gone; the cache then has the current one.
 *
 * @throws HAError if the API server refused the status, was not reached, or has failed.
 */
export function* writeStatus(
  { stores, apiServerHealth }: StatusWriter,
  object: HAService,
  status: Status,
): Steps<boolean> {
  const { name, namespace, uid } = object.metadata;
  const ref = { namespace, name };
  const store = stores.resources;
  try {
    store.observeWrite(yield* replaceStatus(haServices, { ...object, status }));
    apiServerHealth.answered();
    return true;
  } catch (error) {
    apiServerHealth.writeFailed(error);
    if (!isConflict(error) && !isNotFound(error)) throw error;
  }
  try {
    const fresh = yield* get(haServices, ref);
    if (fresh.metadata.uid !== uid) store.observeDelete(ref, uid);
    store.observeWrite(fresh);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    store.observeDelete(ref, uid);
  }
  return false;
}
