import type { Resource, ForeignPod } from '../model/observed.ts';

/** How long Kubernetes may take to delete what a resource of the same name has left. */
const collectMs = 30_000;
/** A pod that is still there so long after its grace period sits on a lost node. */
export const stuckAfterMs = 10_000;

/** Until when children of an earlier resource of the same name are waited for. Epoch milliseconds. */
export const garbageCollectedAtMs = ({ createdAtMs }: Resource) => createdAtMs + collectMs;

/** Until when a stranger's name is believed to become free; undefined where it stays. Epoch milliseconds. */
export function freeAtMs(
  resource: Resource,
  { isAwaitingGarbageCollection, deletionAtMs }: ForeignPod,
): number | undefined {
  if (deletionAtMs !== undefined) return deletionAtMs + stuckAfterMs;
  return isAwaitingGarbageCollection ? garbageCollectedAtMs(resource) : undefined;
}
