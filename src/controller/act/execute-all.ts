import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Action } from '../../core/model/action.ts';
import { noteOfAction } from '../../core/status/events.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import { type ExecuteContext, execute, describe } from './execute.ts';
import { type ApiServerHealth, isConnectionError } from '../state/api-server-health.ts';
import { recordNotes } from '../record/record-notes.ts';
import { noteRepoint } from '../record/failover-timings.ts';

export interface ExecuteAllContext extends ExecuteContext {
  object: HAService;
  apiServerHealth: ApiServerHealth;
  events: Pick<EventRecorder, 'record'>;
}

export interface Executed {
  /** Something is different now: decide again. */
  changed: boolean;
  failed: boolean;
  /** The API server cannot be reached: nothing else need be tried now. */
  apiServerLost: boolean;
}

/**
 * Carries out actions in their order. One that fails is remembered for the status and holds up no other, but where no
 * other can succeed either: the API server is lost, or the namespace is being deleted.
 */
export function* executeAll(actions: Action[], context: ExecuteAllContext): Steps<Executed> {
  const { clock, apiServerHealth, state, resource, log, events, object } = context;
  const done: Executed = { changed: false, failed: false, apiServerLost: false };
  for (const action of actions) {
    const what = describe(action);
    try {
      const did = yield* execute(action, context);
      state.failures.delete(what);
      if (!did) continue;
      // What needed no write, or talked to a member, says nothing of the API server.
      if (action.type !== 'GiveRoleCommand') apiServerHealth.answered();
      done.changed = true;
      if (action.type === 'Repoint') noteRepoint(resource, action.to, state, clock.wallNow());
      log.info({ epoch: resource.status.epoch, reason: reasonOf(action) }, what);
      const note = noteOfAction(action);
      if (note !== undefined) recordNotes(events, object, [note]);
    } catch (error) {
      if (!isHAError(error)) throw error;
      done.failed = true;
      // Admission may hold up one write for long, by a webhook that is gone: that says nothing of the API server.
      if (!isHAError(error, 'HA_ERR_API_TIMEOUT')) apiServerHealth.failed(error);
      const reason = error.reason ?? error.code;
      state.failures.set(what, { what, reason, message: error.message });
      log.error({ error }, `could not ${what}`);
      done.apiServerLost = isConnectionError(error);
      if (done.apiServerLost || reason === 'NamespaceTerminating') break;
    }
  }
  return done;
}

const reasonOf = (action: Action): string =>
  action.type === 'DeletePod' ? action.removal.reason : action.type;
