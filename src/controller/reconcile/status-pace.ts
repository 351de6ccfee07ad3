import { isDeepStrictEqual } from 'node:util';
import type { Status } from '../../api/status.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/**
 * A status that only tells what changes with the heartbeats is written this often at once, and then once for each `refillMs`. A member
 * whose answers alternate would otherwise cause a write for each heartbeat of it, and an update of every watch of the resource.
 */
const burst = 10;
const refillMs = 1_000;

/**
 * Milliseconds until this status should be written; 0: now, and the write counts. A status that commits something, such as an
 * election or an experiment, is never late.
 */
export function statusWaitMs(
  state: Pick<ReconcileState, 'statusPace'>,
  stored: Status,
  next: Status,
  now: number,
): number {
  if (!isDeepStrictEqual(committed(stored), committed(next))) return 0;
  const { left, at } = state.statusPace ?? { left: burst, at: now };
  const refilled = Math.min(burst, left + (now - at) / refillMs);
  if (refilled < 1) {
    state.statusPace = { left: refilled, at: now };
    return Math.ceil((1 - refilled) * refillMs);
  }
  state.statusPace = { left: refilled - 1, at: now };
  return 0;
}

/** Everything that later decisions rely on. The rest is worked out anew in each pass, for people and tools. */
function committed({
  phase: _phase,
  reason: _reason,
  conditions: _conditions,
  members: _members,
  ready: _ready,
  readyReplicas: _readyReplicas,
  replicas: _replicas,
  ...rest
}: Status): Partial<Status> {
  return rest;
}
