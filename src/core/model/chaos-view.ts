import type { ScheduleRefusal } from '../../api/chaos-reasons.ts';
import type { SteadyState } from '../../api/chaos-spec.ts';

/** What the kill of one experiment has done so far, as this process saw it. */
export interface Injection {
  /** Id of the experiment. */
  id: number;
  /** Its startsAt: a status that was reset by hand may have the same id again. */
  startsAt: string;
  /** When the kill began. Epoch milliseconds. */
  atMs: number;
  /** UIDs of the pods that the API server has agreed to delete. */
  killed: string[];
  /** What was not killed, and why, in clauses for a person. */
  failures: string[];
  /** Pods whose kill was sent and has no answer, in clauses: what becomes of the pod tells if it was done. */
  unanswered: { uid: string; why: string }[];
  /** A pod was gone already: another process may have done the same. */
  isUnsure: boolean;
}

/** What the last HTTP request for `chaos.steadyState` showed. */
export interface SteadyStateProbe {
  /** The request. An answer to another one counts for nothing. */
  target: SteadyState;
  /** When the request was sent. Epoch milliseconds. */
  sentAtMs: number;
  /** When the answer came. Epoch milliseconds. */
  atMs: number;
  /** Why the answer was not good, in a clause for a person; absent if it was good. */
  problem?: string;
}

/** What a decision about experiments depends on, besides the service itself. `observe` makes one if the spec has `chaos`. */
export interface ChaosView {
  /** The schedule at the time of the decision: the library for cron computes that outside of the core. */
  schedule: {
    /** First time after now outside of all blackouts. Epoch milliseconds. Absent without a schedule. */
    nextMs?: number;
    problem?: { reason: ScheduleRefusal; message: string };
    /** The blackout in which now lies, in words for a person. */
    blackout?: { text: string };
  };
  /** The operator's settings; undefined while they are not known. */
  limits: { enabled: boolean; maxExperiments: number; maxExperimentsPerZone: number } | undefined;
  /** Why the present settings do not hold, and what to do: for a person. Then earlier ones hold, or none are known. */
  settingsProblem?: string;
  /** For each experiment of another service that runs, or is about to: the zones of its members. */
  others: string[][];
  /** Whether the namespace has opted out; undefined while that is not known. */
  isOptedOut: boolean | undefined;
  injection?: Injection;
  probe?: SteadyStateProbe;
}
