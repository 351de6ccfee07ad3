import type { FailoverTrigger, Status } from '../../api/status.ts';
import type { Action } from './action.ts';
import type { EventNote } from './observed.ts';

/** A status that must land before anything else is done. */
export interface Commit {
  status: Status;
  /** Why, for the log. */
  why: string;
  /** What set it off, where that is a failover. */
  trigger?: FailoverTrigger;
  evidence?: string;
  /** A verdict of silence begins a failover here. The silence may be the operator's own: it is checked once more. */
  confirmSilence: boolean;
}

export interface Decision {
  /**
   * Set where a primary was elected, an epoch begun, or a first data set made: this status must land, guarded by
   * resourceVersion, before anything is done about it. Then decide again.
   */
  commit?: Commit;
  actions: Action[];
  status: Status;
  events: EventNote[];
  /** Epoch milliseconds at which to look again, if nothing happens before. */
  requeueAtMs?: number;
}
