import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { toConditions } from '../../core/status/desired-condition.ts';
import { conditionOf } from '../../core/status/events.ts';
import type { EventNote } from '../../core/model/event-note.ts';
import { storedStatus } from '../observe/stored-status.ts';

const reason = 'SpecInvalid';

/** Status of a resource whose spec is invalid: it keeps what it had, and its conditions say what to correct. */
export function invalidStatus(object: HAService, message: string, nowMs: number): Status {
  const status = storedStatus(object);
  const generation = object.metadata.generation ?? 0;
  const conditions = toConditions(
    status.conditions ?? [],
    [
      { type: 'Ready', status: false, reason, message },
      { type: 'Degraded', status: true, reason, message },
    ],
    generation,
    nowMs,
  );
  const hasRun = status.primaryUID !== undefined || status.epoch !== undefined;
  const { phase = 'Pending' } = status;
  return {
    ...status,
    observedGeneration: generation,
    phase: phase === 'Pending' && !hasRun ? 'Failed' : phase,
    reason,
    conditions,
  };
}

/** The Event for it, if its message has changed. */
export function invalidNote(object: HAService, status: Status): EventNote[] {
  const degraded = (of: Status) => conditionOf(of, 'Degraded')?.message;
  const note = degraded(status) ?? '';
  return note === degraded(object.status ?? {})
    ? []
    : [{ type: 'Warning', reason, action: 'Reconcile', note }];
}
