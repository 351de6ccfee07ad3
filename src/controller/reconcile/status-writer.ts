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
 * A status as the API server gives it back: without what JSON does not know, and without halves of characters, which are what
 * is left where a text was cut. One that never comes back as it was written would be written again and again.
 */
export const asStored = (status: Status): Status => stored(status) as Status;

function stored(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  // JSON knows no negative zero.
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
 * Compare-and-swap of the status, guarded by resourceVersion. False where somebody else has changed the resource
 * meanwhile, or it is gone; the cache then holds what is there now.
 *
 * @throws HAError where the API server refused it, was not reached, or has failed.
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
    apiServerHealth.failed(error);
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
