import type { Resource } from '../model/observed.ts';
import type { ForeignPod } from '../model/found-objects.ts';
import { endOf } from '../model/since.ts';

/** How long Kubernetes may take to delete the objects of an earlier resource with the same name. */
const collectMs = 30_000;
/** A pod that still exists so long after its grace period is on a lost node. */
export const stuckAfterMs = 10_000;

/** Until when the deletion of an earlier resource's objects is waited for; -Infinity if that time is over. Epoch milliseconds. */
export const garbageCollectedAtMs = ({ createdAtMs }: Resource, nowMs: number): number =>
  endOf(createdAtMs, collectMs, nowMs) ?? -Infinity;

/** When the name of a foreign pod should be free; undefined if the pod stays. Epoch milliseconds. */
export function freeAtMs(
  resource: Resource,
  { isAwaitingGarbageCollection, deletionAtMs }: ForeignPod,
  nowMs: number,
): number | undefined {
  if (deletionAtMs !== undefined) return deletionAtMs + stuckAfterMs;
  return isAwaitingGarbageCollection ? garbageCollectedAtMs(resource, nowMs) : undefined;
}
