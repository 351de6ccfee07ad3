import type { DegradedReason, RelayedReason } from '../../api/reasons.ts';

/** One reason for which a service is degraded, with a message for a person. All of them make up the condition Degraded and its Event. */
export interface Degradation {
  reason: DegradedReason | RelayedReason;
  message: string;
  /**
   * What the fault is about, if two faults of the same reason are two faults for a person: a member, if it may have a fault of its own.
   * Absent: an error of the spec makes the same fault in each pod. See fault-events.ts.
   */
  about?: string;
  /** The one member that has this fault, if the same one in others is the same fault. */
  member?: string;
}

/** A fault of now or of a moment ago, as far as its Event is concerned. */
export interface KnownFault {
  id: string;
  /** Epoch milliseconds since when it is there. */
  sinceMs: number;
  /** When it was first found gone; absent: it is there, however long ago the last decision was. */
  endedMs?: number;
  isTold: boolean;
}

/** A write that the API server refused or that failed; forgotten when the same write succeeds. */
export interface WriteFailure {
  /** What was to be written, such as `create Pod web-0`. */
  what: string;
  reason: string;
  message: string;
}
