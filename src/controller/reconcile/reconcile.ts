import { isDeepStrictEqual } from 'node:util';
import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { decide } from '../../core/decide.ts';
import type { Decision } from '../../core/model/decision.ts';
import type { EventNote, Observed, Resource } from '../../core/model/observed.ts';
import type { Log } from '../../telemetry/log.ts';
import { describe, findPod } from '../act/execute.ts';
import { commitElection } from './commit-election.ts';
import { invalidNote, invalidStatus } from './invalid.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { countFailover, recordMetrics } from '../record/record-metrics.ts';
import { observe, toResource } from '../observe/observe.ts';
import { offerStatus, tellRefusal } from './offer-status.ts';
import { executeAll } from '../act/execute-all.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { recordNotes } from '../record/record-notes.ts';
import { asStored } from './status-writer.ts';
import { withStoredEpoch } from './stored-epoch.ts';
import { lookForSuccess, notePromotion } from '../record/failover-timings.ts';

/**
 * Passes of one reconciliation. Each decides anew. More than these is no progress but a quarrel, with another writer or
 * with ourselves: it goes on at the pace of failures.
 */
const maxPasses = 10;

export interface Outcome {
  /** Milliseconds after which to look again. */
  requeueAfterMs?: number;
  /** Some write was refused or failed: try again, each time a little later. */
  failed: boolean;
}

interface Pass extends Outcome {
  again: boolean;
}

interface Subject {
  key: string;
  object: HAService;
  resource: Resource;
  memory: ReconcileState;
  log: Log;
}

/** Brings one resource closer to what it says: observe, decide, act, until there is nothing left to do. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #uids = new Map<string, string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** @throws HAError where the API server was not reached, or has failed; the signal's reason. */
  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    for (let pass = 0; pass < maxPasses; pass++) {
      const object = this.#lookUp(key);
      if (object === undefined) return { failed: false };
      const { again, ...outcome } = await this.#pass(key, object, signal);
      if (!again) return outcome;
    }
    this.#options.log.warn({ resource: key, passes: maxPasses }, 'it does not come to rest');
    return { failed: true };
  }

  #lookUp(key: string): HAService | undefined {
    const { stores, memories, monitor, metrics } = this.#options;
    const [namespace = '', name = ''] = key.split('/');
    const object = stores.resources.get(namespace, name);
    const uid = this.#uids.get(key);
    if (uid !== undefined && uid !== object?.metadata.uid) {
      // Gone, or made again under the same name: nothing that was known of the old one holds for the new.
      monitor.remove(key);
      memories.forget(uid);
      this.#uids.delete(key);
      if (object === undefined) metrics.forgetService({ namespace, name });
    }
    if (object !== undefined) this.#uids.set(key, object.metadata.uid);
    return object;
  }

  async #pass(key: string, object: HAService, signal: AbortSignal): Promise<Pass> {
    const { stores, clock, connection, metrics, enqueue, memories, agentImage } = this.#options;
    const memory = memories.of(object.metadata.uid);
    const log = this.#options.log.child({ resource: key });
    let resource: Resource;
    try {
      resource = toResource(object, agentImage);
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_SPEC_INVALID')) throw error;
      const status = invalidStatus(object, error.message, clock.wallNow());
      const notes = invalidNote(object, status);
      const rest = { again: false, failed: false };
      return this.#finish({ object, memory, log }, status, notes, signal, rest);
    }
    resource = withStoredEpoch(resource, memory);
    if (memory.unsettled !== object.metadata.resourceVersion) memory.unsettled = undefined;
    const subject: Subject = { key, object, resource, memory, log };
    await this.#findPrimary(subject, signal);
    const observed = observe(key, resource, {
      ...this.#options,
      memory,
      connectedSinceMs: connection.sinceWallMs,
    });
    forgetOldHooks(memory, observed);
    const decision = decide(resource, observed, clock.wallNow());
    recordMetrics(metrics, resource, observed, decision.status);
    if (decision.commit !== undefined) {
      const offered = await commitElection(this.#options, subject, decision, signal);
      if (offered !== 'Refused') return { again: true, failed: false };
      return { again: await tellRefusal(this.#options, subject, signal), failed: true };
    }
    if (forgetOldFailures(memory, decision)) return { again: true, failed: false };
    notePromotion(resource, observed, memory, clock.wallNow());
    const context = { ...this.#options, ...subject, signal };
    const { changed, failed, lost } = await executeAll(decision.actions, context);
    if (lost) return { again: false, failed };
    lookForSuccess(resource, memory, stores, clock, () => enqueue(key));
    // Something was written: the next pass sees it, and writes the status once.
    if (changed && !failed) return { again: true, failed };
    const { requeueAtMs } = decision;
    return this.#finish(subject, decision.status, decision.events, signal, {
      again: false,
      failed,
      ...(requeueAtMs === undefined
        ? {}
        : { requeueAfterMs: Math.max(1, requeueAtMs - clock.wallNow()) }),
    });
  }

  /** The watch goes by labels: before the primary's pod is called gone, make sure that it did not just lose them. */
  async #findPrimary({ resource, memory }: Subject, signal: AbortSignal): Promise<void> {
    const { client, stores } = this.#options;
    const { primary, primaryUID } = resource.status;
    if (primary === undefined || primaryUID === undefined) return;
    const owned = stores.pods.byIndex('owner', resource.uid);
    if (owned.some(({ metadata }) => metadata?.uid === primaryUID)) {
      memory.missedUid = undefined;
    } else if (memory.missedUid !== primaryUID) {
      await findPod(primary, { client, stores, resource, signal });
      memory.missedUid = primaryUID;
    }
  }

  /** Writes the status where it has changed, and tells the Events that go with it. */
  async #finish(
    subject: Pick<Subject, 'object' | 'memory' | 'log'>,
    wished: Status,
    notes: EventNote[],
    signal: AbortSignal,
    pass: Pass,
  ): Promise<Pass> {
    const { metrics, events } = this.#options;
    const { object } = subject;
    const status = asStored(wished);
    if (isDeepStrictEqual(status, object.status ?? {})) return pass;
    const offered = await offerStatus(this.#options, subject, status, signal);
    if (offered === 'Overtaken') return { ...pass, again: true };
    if (offered === 'Refused') {
      const again = await tellRefusal(this.#options, subject, signal);
      return { ...pass, again, failed: true };
    }
    countFailover(metrics, object, status);
    recordNotes(events, object, notes);
    return pass;
  }
}

/** What pods were told that are gone. */
function forgetOldHooks(memory: ReconcileState, { members }: Observed): void {
  const known = new Set(members.map(({ uid }) => uid));
  for (const [id, { uid }] of memory.hooks) if (!known.has(uid)) memory.hooks.delete(id);
}

/** Failures of what is not to be done any more are none. True where there was one: it must leave the status too. */
function forgetOldFailures(memory: ReconcileState, { actions }: Decision): boolean {
  const wanted = new Set(actions.map(describe));
  const old = [...memory.failures.keys()].filter((what) => !wanted.has(what));
  for (const what of old) memory.failures.delete(what);
  return old.length > 0;
}
