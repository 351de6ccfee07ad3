import { isDeepStrictEqual } from 'node:util';
import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { zonesOf } from '../../core/chaos/records.ts';
import type { Decision } from '../../core/model/decision.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { Steps } from '../../kube/api-request.ts';
import type { Log } from '../../lib/log.ts';
import { noteReplaced } from '../act/note-replaced.ts';
import { findPod, noteLabels } from '../act/pod-actions.ts';
import { forgetOld, forgetOldFailures } from './forget-old.ts';
import { commitElection } from './commit-election.ts';
import { invalidNote, invalidStatus } from './invalid.ts';
import { memberPodsOf } from '../state/member-pods.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import {
  countExperiments,
  countFailover,
  logFailover,
  recordMetrics,
} from '../record/record-metrics.ts';
import { earlierLeaseHolder } from '../observe/earlier-leader.ts';
import { monitorConfigOf, monitoredMembers } from '../observe/monitored-members.ts';
import { membersOf, observe, toResource } from '../observe/observe.ts';
import { offerStatus, tellRefusal } from './offer-status.ts';
import { executeAll } from '../act/execute-all.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { recordNotes } from '../record/record-notes.ts';
import { statusWaitMs } from './status-pace.ts';
import { asStored } from './status-writer.ts';
import { withStoredEpoch } from './stored-epoch.ts';
import { lookForSuccess, notePrimary, notePromotion } from '../record/failover-timings.ts';

/**
 * Passes of one reconcile, each with a decision of its own. More of them are no progress, but a conflict with another writer or with
 * the operator's own decisions: the reconcile then counts as failed, and is repeated with growing waits.
 */
const maxPasses = 10;

export interface Outcome {
  /** Milliseconds after which to reconcile again. */
  requeueAfterMs?: number;
  /** A write was refused or has failed: reconcile again, with growing waits. */
  failed: boolean;
}

interface Pass extends Outcome {
  again: boolean;
}

interface Subject {
  key: string;
  object: HAService;
  resource: Resource;
  state: ReconcileState;
  log: Log;
}

/**
 * Brings one resource closer to its spec: observe, decide, execute, until nothing is left to do. The operator runs these steps
 * against the API server, the simulator against a model of one. At most one reconcile of a key may run at a time; different keys
 * may run at the same time. Any step may be the last one: the next reconcile continues from what was written.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #uids = new Map<string, string>();
  readonly #beginning = new Map<string, string[]>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** @throws HAError if the API server was not reached, or has failed. */
  *reconcile(key: string): Steps<Outcome> {
    for (let pass = 0; pass < maxPasses; pass++) {
      const object = this.#lookUp(key);
      if (object === undefined) return { failed: false };
      // The reflectors have said what the operator may not list.
      if (!this.#options.stores.isKnown(object.metadata.namespace)) return { failed: true };
      const { again, ...outcome } = yield* this.#pass(key, object);
      if (!again) return outcome;
    }
    this.#options.log.warn(
      { resource: key },
      `reconcile did not converge after ${maxPasses} passes: ${key}; the operator tries again later`,
    );
    return { failed: true };
  }

  #lookUp(key: string): HAService | undefined {
    const { stores, states, monitor, metrics } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const object = stores.resources.get(namespace, name);
    const uid = this.#uids.get(key);
    if (uid !== undefined && uid !== object?.metadata.uid) {
      // The resource is gone, or was created again with the same name: what was known of the old one does not apply to the new one.
      monitor.remove(key);
      states.forget(uid);
      this.#beginning.delete(uid);
      this.#uids.delete(key);
      if (object === undefined) metrics.forgetService({ namespace, name });
    }
    if (object !== undefined) this.#uids.set(key, object.metadata.uid);
    return object;
  }

  *#pass(key: string, object: HAService): Steps<Pass> {
    const {
      stores,
      monitor,
      clock,
      apiServerHealth,
      metrics,
      enqueue,
      states,
      agentImage,
      decide,
    } = this.#options;
    const state = states.of(object.metadata.uid);
    const log = this.#options.log.child({ resource: key });
    let resource: Resource;
    try {
      resource = toResource(object, agentImage);
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_SPEC_INVALID')) throw error;
      // An experiment that was decided and not written will not begin.
      this.#beginning.delete(object.metadata.uid);
      const status = invalidStatus(object, error.message, clock.wallNow());
      const notes = invalidNote(object, status);
      // Its end is told by what the stored condition says.
      state.faults = undefined;
      const rest = { again: false, failed: false };
      return yield* this.#finish({ object, state, log }, { status, events: notes }, rest);
    }
    resource = withStoredEpoch(resource, state);
    if (state.unansweredElection !== object.metadata.resourceVersion)
      state.unansweredElection = undefined;
    if (state.generation?.number !== resource.generation) {
      state.generation = { number: resource.generation, sinceMs: clock.wallNow() };
    }
    const subject: Subject = { key, object, resource, state, log };
    yield* this.#findPrimary(subject);
    const members = membersOf(resource, stores);
    const reports = members.map(({ uid }) => monitor.health(key, uid)?.report);
    const holder = earlierLeaseHolder(key, resource, members, { monitor, stores, state });
    const monitorConfig = monitorConfigOf(resource, members, reports, holder);
    monitor.setMembers(key, monitoredMembers(resource, members), monitorConfig);
    const observed = observe(key, resource, members, {
      ...this.#options,
      state,
      beginning: this.#beginning,
      connectedSinceMs: apiServerHealth.sinceWallMs,
    });
    forgetOld(state, observed, clock.wallNow());
    notePrimary(resource.status, observed, state);
    const nowMs = clock.wallNow();
    const decision = decide(resource, observed, nowMs);
    this.#reserve(resource, decision.status);
    recordMetrics(metrics, resource, observed, decision.status);
    const { commit, events } = decision;
    if (commit !== undefined) {
      const offered = yield* commitElection(this.#options, subject, commit, events);
      if (offered !== 'Refused') return { again: true, failed: false };
      return { again: yield* tellRefusal(this.#options, subject), failed: true };
    }
    if (forgetOldFailures(state, decision)) return { again: true, failed: false };
    notePromotion(resource.status, decision, observed, state, clock.wallNow());
    noteLabels(state, observed.members, decision.actions);
    noteReplaced(state, observed.members, decision.actions);
    const context = { ...this.#options, ...subject };
    const { changed, failed, apiServerLost, retryAfterMs } = yield* executeAll(
      decision.actions,
      context,
    );
    if (apiServerLost) return { again: false, failed };
    lookForSuccess(resource, members, state, stores, clock, () => enqueue(key));
    // Something was written: the next pass sees it and writes the status, so that it is written once.
    if (changed && !failed) return { again: true, failed };
    // The status reports a failure at once: the next attempt may take until its time limit.
    const failures = [...state.failures.values()];
    const told = failed ? decide(resource, { ...observed, failures }, nowMs) : decision;
    const { requeueAtMs = Infinity } = told;
    const requeueAfterMs = Math.min(retryAfterMs ?? Infinity, requeueAtMs - clock.wallNow());
    return yield* this.#finish(subject, told, {
      again: false,
      failed,
      ...(Number.isFinite(requeueAfterMs) ? { requeueAfterMs: Math.max(1, requeueAfterMs) } : {}),
    });
  }

  /** An experiment that begins counts for the limits of all resources from now on: its status is stored only later. */
  #reserve({ uid, status }: Resource, next: Status): void {
    const { experiment } = next.chaos ?? {};
    if (experiment === undefined || status.chaos?.experiment !== undefined) {
      this.#beginning.delete(uid);
    } else {
      this.#beginning.set(uid, zonesOf(experiment));
    }
  }

  /** The watch selects pods by labels. Before the primary's pod counts as gone, check that it did not just lose its labels. */
  *#findPrimary({ resource, state }: Subject): Steps<void> {
    const { stores } = this.#options;
    const { primary, primaryUID } = resource.status;
    if (primary === undefined || primaryUID === undefined) return;
    if (memberPodsOf(resource, stores).some(({ metadata }) => metadata?.uid === primaryUID)) {
      state.missedUid = undefined;
    } else if (state.missedUid !== primaryUID) {
      yield* findPod(primary, { stores, resource });
      state.missedUid = primaryUID;
    }
  }

  /** Writes the status if it has changed, and then the Events that belong to it. */
  *#finish(
    subject: Pick<Subject, 'object' | 'state' | 'log'>,
    told: Pick<Decision, 'status' | 'events' | 'faults'>,
    pass: Pass,
  ): Steps<Pass> {
    const { metrics, events, clock } = this.#options;
    const { object, state } = subject;
    const status = asStored(told.status);
    const record = () => {
      recordNotes(events, object, told.events);
      state.faults = told.faults;
    };
    if (isDeepStrictEqual(status, object.status ?? {})) {
      // A fault that has lasted for long enough is told without a change of the status.
      record();
      return pass;
    }
    const waitMs = statusWaitMs(state, object.status ?? {}, status, clock.now());
    if (waitMs > 0) {
      return { ...pass, requeueAfterMs: Math.min(waitMs, pass.requeueAfterMs ?? Infinity) };
    }
    const offered = yield* offerStatus(this.#options, subject, status);
    if (offered === 'Overtaken') return { ...pass, again: true };
    if (offered === 'Refused') {
      const again = yield* tellRefusal(this.#options, subject);
      return { ...pass, again, failed: true };
    }
    countFailover(metrics, object, status);
    logFailover(subject.log, object, status);
    countExperiments(metrics, object, status);
    record();
    return pass;
  }
}
