import type { FailoverTrigger, Status } from '../../api/status.ts';
import type { Action } from './action.ts';
import type { KnownFault } from './fault.ts';
import type { EventNote } from './event-note.ts';

/** A status that must be written before anything else is done. */
export interface Commit {
  status: Status;
  /** What the commit does, for the log. */
  what: string;
  /** The trigger, if this begins a failover. */
  trigger?: FailoverTrigger;
  evidence?: string;
  /** A verdict of silence begins a failover here. The operator's own network may be the cause: the reconcile checks that once more. */
  confirmSilence: boolean;
}

/**
 * The result of one decision: plain data, to be carried out at once or not at all. The reconcile writes `commit` and decides again;
 * without a `commit` it executes `actions` in their order, then writes `status`, then records `events`. If it is cut off
 * anywhere, the next decision is made from what was written, so that no part needs to be repeated by hand.
 */
export interface Decision {
  /**
   * Set if a primary is elected, an epoch begun, or a first data set made: this status must be written, guarded by
   * resourceVersion, before anything follows from it. Then decide again.
   */
  commit?: Commit;
  actions: Action[];
  /** The primary has acknowledged its role, or needs no command. */
  promoted: boolean;
  status: Status;
  events: EventNote[];
  /** The faults that are there, and if their Events are among the recorded ones: for Observed.knownFaults. Absent: unchanged. */
  faults?: KnownFault[];
  /** Epoch milliseconds at which to decide again, if nothing changes before. */
  requeueAtMs?: number;
}
