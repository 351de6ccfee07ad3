import type { RefusedMove } from '../../api/status.ts';
import { inFlight } from '../failover/failover-plan.ts';
import type { Removal } from '../model/action.ts';
import { isFindingData } from '../model/earlier-data.ts';
import type { Observed, Resource } from '../model/observed.ts';

/** How often the wait for durable data and well members is checked. Milliseconds. */
export const durableRefreshMs = 1_000;
/** A failover is under way, or the member with the newest data is looked for. */
export const isBusy = (resource: Resource, observed: Observed) =>
  inFlight(resource) !== undefined ||
  resource.status.fencing !== undefined ||
  isFindingData(resource, observed);

export interface ReplicaPlan {
  /** Ordinals to create; all in `zone` if that is set. */
  create: number[];
  zone?: string;
  remove: Removal[];
  /** A move between zones begins: the status must say so before a pod is created for it. */
  moveStarted: boolean;
  /** A move between zones has failed: the status must say so, or the move would be tried again and again. */
  refusedMove?: RefusedMove;
  requeueAtMs?: number;
}
