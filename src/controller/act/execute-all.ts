import { isHAError } from '../../api/errors.ts';
import type { Action } from '../../core/model/action.ts';
import { noteOfAction } from '../../core/status/events.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import { describe, execute } from './execute.ts';
import type { ExecuteContext } from './execute-context.ts';
import type { ApiServerHealth } from '../state/api-server-health.ts';
import { type UndoneChange, undoneNote } from '../../core/status/undone-change.ts';
import { noteUnkept, unkeptWaitMs } from './unkept-writes.ts';
import { recordNotes } from '../record/record-notes.ts';
import { noteRepoint } from '../record/failover-timings.ts';

export interface ExecuteAllContext extends ExecuteContext {
  apiServerHealth: ApiServerHealth;
  events: Pick<EventRecorder, 'record'>;
}

export interface Executed {
  /** At least one action has changed something, or has found the cache out of date: decide again. */
  changed: boolean;
  /** At least one action has failed: try again later. */
  failed: boolean;
  /** The API server cannot be reached: no other request can succeed now. */
  apiServerLost: boolean;
  /** Milliseconds after which a write is tried again that did not last; absent: there is none. */
  retryAfterMs?: number;
}

/**
 * Executes actions in their order. A failed action is remembered for the status, and the next ones are executed all the same,
 * except if they cannot succeed either: the API server cannot be reached, or the namespace is being deleted. After a timeout no
 * object of the same kind is written in this pass: an admission webhook that hangs would delay each of them until its time limit.
 *
 * @throws HAError HA_ERR_PREEMPTED if a failover of the same resource goes first.
 */
export function* executeAll(actions: Action[], context: ExecuteAllContext): Steps<Executed> {
  const { clock, apiServerHealth, state, resource, log, events, object } = context;
  const done: Executed = { changed: false, failed: false, apiServerLost: false };
  const slowKinds = new Set<string>();
  for (const action of actions) {
    const kind = kindOf(action);
    if (kind !== undefined && slowKinds.has(kind)) continue;
    const what = describe(action);
    const waitMs = unkeptWaitMs(action, what, context);
    if (waitMs > 0) {
      done.retryAfterMs = Math.min(waitMs, done.retryAfterMs ?? Infinity);
      continue;
    }
    try {
      const change = yield* execute(action, context);
      const hadFailed = state.failures.delete(what);
      if (change === 'Same') {
        // Somebody else has corrected it, and the decision knows only of the failure.
        if (hadFailed) done.changed = true;
        continue;
      }
      // The action wrote to the API server, so that the API server has answered. A role command goes to a member.
      if (action.type !== 'GiveRoleCommand') apiServerHealth.answered();
      done.changed = true;
      // The action itself was not carried out: the next pass decides on what was found.
      if (change === 'Refreshed') continue;
      if (action.type === 'Repoint') noteRepoint(resource, action.to, state, clock.wallNow());
      log.info({ epoch: resource.status.epoch, reason: reasonOf(action) }, what);
      const unkept = noteUnkept(action, what, context);
      if (unkept !== undefined) {
        done.failed = true;
        state.failures.set(what, unkept);
        log.warn({ fields: unkept.message }, `this did not last: ${what}`);
        continue;
      }
      if (typeof change === 'object') {
        noteUndone(context, change);
        continue;
      }
      const note = noteOfAction(action, resource.status);
      if (note !== undefined) recordNotes(events, object, [note]);
    } catch (error) {
      // Preempted: the failover needs a decision of its own, now.
      if (!isHAError(error) || error.code === 'HA_ERR_PREEMPTED') throw error;
      done.failed = true;
      apiServerHealth.writeFailed(error);
      const reason = error.reason ?? error.code;
      state.failures.set(what, { what, reason, message: error.message });
      log.error({ error }, `could not ${what}`);
      const isTimeout = isHAError(error, 'HA_ERR_API_TIMEOUT');
      if (isTimeout && kind !== undefined) slowKinds.add(kind);
      // During the time limit of the write, the API server was also asked whether it answers at all.
      const isLost = isTimeout && apiServerHealth.lostSince(Infinity);
      done.apiServerLost = isLost || isHAError(error, 'HA_ERR_API_UNREACHABLE');
      if (done.apiServerLost || reason === 'NamespaceTerminating') break;
    }
  }
  return done;
}

/** Events at the HAService, and at the object that somebody else has changed: that person may look there alone. */
function noteUndone({ events, object, resource }: ExecuteAllContext, change: UndoneChange): void {
  const note = undoneNote(resource.name, change);
  recordNotes(events, object, [note]);
  if (change.what !== 'Deleted') events.record(change.object, note);
}

/** Kind of the object that an action writes; undefined if it sends nothing to the API server. */
function kindOf(action: Action): string | undefined {
  switch (action.type) {
    case 'EnsureOwnedObject':
    case 'Repoint':
      return action.manifest.kind;
    case 'DeleteForeignEndpoints':
      return action.endpoints.kind;
    case 'GiveRoleCommand':
    case 'ProbeSteadyState':
      return undefined;
    case 'GrowClaim':
    case 'LabelClaim':
    case 'OwnClaim':
    case 'MarkScaledAway':
    case 'GiveUpClaim':
      return 'PersistentVolumeClaim';
    case 'LabelPod':
    case 'AnnotatePod':
    case 'MarkComplete':
    case 'AdoptPod':
    case 'CreatePod':
    case 'DeletePod':
    case 'InjectFault':
      return 'Pod';
  }
}

const reasonOf = (action: Action): string =>
  action.type === 'DeletePod' ? action.removal.reason : action.type;
