import type { Status } from '../../api/status.ts';
import type { Manifest } from '../../core/model/manifest.ts';
import type { Injection, SteadyStateProbe } from '../../core/model/chaos-view.ts';
import type { KnownFault, WriteFailure } from '../../core/model/fault.ts';
import type { FailoverTimings } from '../../core/model/failover-timings.ts';
import type { RoleCommandState } from '../../core/model/observed.ts';
import type { ForeignPod } from '../../core/model/found-objects.ts';

/** A write that did not last: what the object should be like, in parts, and the version in which it was not so. */
export interface UnkeptWrite {
  wished: unknown[];
  resourceVersion: string | undefined;
  /** When to try again, in milliseconds of the clock's now(). */
  untilMs: number;
}

/** A status that the API server has refused for what is in it. */
export interface RefusedStatus {
  status: Status;
  /** For a person: what the API server has said, and what to do. */
  message: string;
  /** When it was last written, in milliseconds of the clock's now(). */
  triedAt: number;
  /** The status that reports the refusal was refused, too. */
  isUntold: boolean;
}

/** What this process remembers of one resource and the API server does not store. A new process starts without it, and is safe without it. */
export interface ReconcileState {
  /** Failed actions, by their description. */
  failures: Map<string, WriteFailure>;
  /** The last role command of each kind for each pod, by `uid/action`. */
  roleCommands: Map<string, RoleCommandState>;
  timings?: FailoverTimings;
  /** The pod that is primary, and what this process knows of its last sign: see notePrimary. */
  primarySign?: { uid: string; lastMs: FailoverTimings['lastSignMs'] };
  /**
   * resourceVersion on which an election was last written, from before the write until the resource has another resourceVersion; not
   * if the API server refused the write. See Observed.unansweredElection.
   */
  unansweredElection: string | undefined;
  /** Before the first election: the last pod that leads on from before with a lease of this length. See earlierLeaseHolder. */
  earlierLease: { uid: string; leaseMs: number } | undefined;
  /** The last status that the API server has refused, until it accepts one. */
  refused: RefusedStatus | undefined;
  /**
   * How many writes of a status that commits nothing may still be done at once (may be a fraction), and when that was worked out
   * (milliseconds of the clock's now()); undefined: none was written so far.
   */
  statusPace: { left: number; at: number } | undefined;
  /** The highest epoch that was seen: it never falls, even if somebody edits the status. */
  epoch: number;
  /** The last generation of the spec, and since when it is the last (epoch milliseconds). */
  generation: { number: number; sinceMs: number } | undefined;
  /** Foreign pods with the name of a member, by name, and when to try the name again (epoch milliseconds). */
  foreignPods: Map<string, { foreignPod: ForeignPod; untilMs: number }>;
  /** UID of a primary that the watch no longer shows and that was looked up, so that it is looked up once. */
  missedUid: string | undefined;
  /** Since when writes that may wait are put off, in milliseconds of the clock's now(), by `kind/name`. */
  putOffSince: Map<string, number>;
  /** Owned objects as this process has last found or made them, by `kind/name`. See ensureOwnedObject. */
  confirmed: Map<string, Manifest>;
  /** The operator's labels of pods, as this process has last found or made them, by the name of the pod. */
  confirmedLabels: Map<string, { uid: string; labels: Record<string, string> }>;
  /** UIDs of pods that this process has deleted to replace them, and that were well then. */
  replaced: Set<string>;
  /** Writes that did not last, by their description. See unkept-writes.ts. */
  unkept: Map<string, UnkeptWrite>;
  /** See Observed.knownFaults. */
  faults: readonly KnownFault[] | undefined;
  /** The kill of the experiment that runs, if this process has done it. See Observed.chaos. */
  injection: Injection | undefined;
  /** Everything that can forbid the kill of the experiment that starts then was read, and was as decided. `at`: the clock's now(). */
  verifiedKill: { startsAt: string; at: number } | undefined;
  /** The last answer to the request of `chaos.steadyState`. */
  steadyStateProbe: SteadyStateProbe | undefined;
  /** Stops what runs for this resource: role commands and the search for the first success. */
  stop: AbortController;
}

/** The reconcile states of all resources, by UID. */
export class ReconcileStates {
  readonly #byUid = new Map<string, ReconcileState>();

  /** The state of a resource; an empty one at the first call. */
  of(uid: string): ReconcileState {
    let state = this.#byUid.get(uid);
    if (state === undefined) {
      state = {
        failures: new Map(),
        roleCommands: new Map(),
        epoch: 0,
        foreignPods: new Map(),
        putOffSince: new Map(),
        generation: undefined,
        confirmed: new Map(),
        confirmedLabels: new Map(),
        replaced: new Set(),
        unkept: new Map(),
        missedUid: undefined,
        unansweredElection: undefined,
        earlierLease: undefined,
        refused: undefined,
        statusPace: undefined,
        faults: undefined,
        injection: undefined,
        verifiedKill: undefined,
        steadyStateProbe: undefined,
        stop: new AbortController(),
      };
      this.#byUid.set(uid, state);
    }
    return state;
  }

  /** The resource is gone: stops what runs for it, and forgets its state. */
  forget(uid: string): void {
    this.#byUid.get(uid)?.stop.abort();
    this.#byUid.delete(uid);
  }

  close(): void {
    for (const uid of [...this.#byUid.keys()]) this.forget(uid);
  }
}
