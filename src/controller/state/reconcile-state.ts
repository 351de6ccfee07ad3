import type { Status } from '../../api/status.ts';
import type {
  RoleCommandState,
  ForeignPod,
  Timeline,
  WriteFailure,
} from '../../core/model/observed.ts';

/** A status that the API server has refused for what is in it. */
export interface RefusedStatus {
  status: Status;
  /** For a person: what the API server has said, and what to do. */
  message: string;
  /** When it was last tried, in milliseconds of the clock's now(). */
  triedAt: number;
  /** The status that tells of it was refused, too. */
  isUntold: boolean;
}

/** What the operator remembers of one resource beyond the API server. Lost with the process, and done without then. */
export interface ReconcileState {
  failures: Map<string, WriteFailure>;
  /** By `uid/action`. */
  roleCommands: Map<string, RoleCommandState>;
  timeline?: Timeline;
  /** resourceVersion on which an election was written that was not answered. See Observed.unsettled. */
  unansweredElection: string | undefined;
  /** The last status that the API server has refused, until one is taken. */
  refused: RefusedStatus | undefined;
  /** The highest epoch that was seen: it never falls, also where somebody edits the status. */
  epoch: number;
  /** Pods found in the way, by name, and when to look again (epoch milliseconds). */
  foreignPods: Map<string, { foreignPod: ForeignPod; untilMs: number }>;
  /** UID of a primary whose disappearance from the watch was checked, so that it is checked once. */
  missedUid: string | undefined;
  /** Since when writes that may wait are put off, in milliseconds of the clock's now(). By `kind/name`. */
  putOffSince: Map<string, number>;
  /** Ends what runs for this resource: hooks and the search for the first success. */
  stop: AbortController;
}

export class ReconcileStates {
  readonly #byUid = new Map<string, ReconcileState>();

  of(uid: string): ReconcileState {
    let state = this.#byUid.get(uid);
    if (state === undefined) {
      state = {
        failures: new Map(),
        roleCommands: new Map(),
        epoch: 0,
        foreignPods: new Map(),
        putOffSince: new Map(),
        missedUid: undefined,
        unansweredElection: undefined,
        refused: undefined,
        stop: new AbortController(),
      };
      this.#byUid.set(uid, state);
    }
    return state;
  }

  forget(uid: string): void {
    this.#byUid.get(uid)?.stop.abort();
    this.#byUid.delete(uid);
  }

  close(): void {
    for (const uid of [...this.#byUid.keys()]) this.forget(uid);
  }
}
