import { isDeepStrictEqual } from 'node:util';
import { isHAError } from '../api/errors.ts';
import type { HAService } from '../api/haservice.ts';
import type { Status } from '../api/status.ts';
import type { Action } from '../core/action.ts';
import type { Clock } from '../core/clock.ts';
import { type Decision, decide } from '../core/decide.ts';
import { noteOfAction } from '../core/events.ts';
import type { EventNote, Resource } from '../core/observed.ts';
import type { HeartbeatMonitor } from '../heartbeat/monitor.ts';
import { isConflict, isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { type ActContext, act, describe, findPod } from './act.ts';
import type { Connection } from './connection.ts';
import type { HookRunner } from './hook-runner.ts';
import { invalidStatus } from './invalid.ts';
import type { Memories, Memory } from './memory.ts';
import { measure } from './measure.ts';
import { observe, toResource } from './observe.ts';
import { haServices } from './resource-type.ts';
import { recordNotes } from './record-notes.ts';
import { writeStatus } from './status-writer.ts';
import type { Stores } from './stores.ts';
import { lookForSuccess, notePromotion, noteRepoint } from './timeline.ts';

/** Passes of one reconciliation. Each decides anew; what is still to do then is done in the next reconciliation. */
const maxPasses = 10;
/** How long the API server may take to confirm that it can be reached, before silence is believed. */
const confirmMs = 1_000;

export interface ReconcilerOptions {
  client: KubeClient;
  stores: Stores;
  monitor: HeartbeatMonitor;
  hooks: HookRunner;
  memories: Memories;
  events: EventRecorder;
  connection: Connection;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  operatorNode: string | undefined;
  /** Look at the resource again, now. */
  enqueue: (key: string) => void;
}

export interface Outcome {
  /** Milliseconds after which to look again. */
  requeueAfterMs?: number;
  /** Some write was refused or failed: try again, each time a little later. */
  failed: boolean;
}

interface Pass {
  again: boolean;
  failed: boolean;
  requeueAfterMs?: number;
}

/** Brings one resource closer to what it says: observe, decide, act, until there is nothing left to do. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #uids = new Map<string, string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Outcome> {
    for (let pass = 0; pass < maxPasses; pass++) {
      const object = this.#lookUp(key);
      if (object === undefined) return { failed: false };
      const result = await this.#pass(key, object, signal);
      if (!result.again) return result;
    }
    return { failed: false, requeueAfterMs: 100 };
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
    const { stores, monitor, memories, clock, connection, operatorNode, client, metrics, enqueue } =
      this.#options;
    const log = this.#options.log.child({ resource: key });
    let resource: Resource;
    try {
      resource = toResource(object);
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_SPEC_INVALID')) throw error;
      const status = invalidStatus(object, error.message, clock.wallNow());
      return this.#finish(object, status, [], signal, { again: false, failed: false });
    }
    const memory = memories.of(resource.uid);
    const { primary, primaryUID } = resource.status;
    const missed =
      primary !== undefined &&
      primaryUID !== undefined &&
      memory.missedUid !== primaryUID &&
      !stores.pods.byIndex('owner', resource.uid).some((pod) => pod.metadata?.uid === primaryUID);
    if (missed) {
      // The watch goes by labels: before a pod is called gone, make sure that it did not just lose them.
      await findPod(primary, { client, stores, resource, signal });
      memory.missedUid = primaryUID;
    }
    const observed = observe(key, resource, {
      stores,
      monitor,
      clock,
      memory,
      operatorNode,
      connectedSinceMs: connection.sinceWallMs,
    });
    const decision = decide(resource, observed, clock.wallNow());
    measure(metrics, resource, observed, decision.status);
    if (decision.commit !== undefined) {
      return this.#commit(object, resource, decision, memory, log, signal);
    }
    const context = { ...this.#options, key, object, resource, memory, log, signal };
    notePromotion(resource, observed, memory, clock.wallNow());
    const { changed, failed } = await this.#act(decision.actions, context);
    lookForSuccess(resource, memory, stores, clock, () => enqueue(key));
    const requeueAfterMs =
      decision.requeueAtMs === undefined ? undefined : decision.requeueAtMs - clock.wallNow();
    // Something was written: the next pass sees it, and writes the status once.
    if (changed && !failed) return { again: true, failed };
    return this.#finish(object, decision.status, decision.events, signal, {
      again: false,
      failed,
      ...(requeueAfterMs === undefined ? {} : { requeueAfterMs: Math.max(1, requeueAfterMs) }),
    });
  }

  /** The one compare-and-swap of an election. Nobody is promoted, and nothing repointed, before it has landed. */
  async #commit(
    object: HAService,
    resource: Resource,
    decision: Decision,
    memory: Memory,
    log: Log,
    signal: AbortSignal,
  ): Promise<Pass> {
    const { client, stores, clock, connection, monitor } = this.#options;
    const record = decision.commit?.plan.record;
    const before = record?.from;
    if (record?.trigger === 'Silent') {
      // Silence may be ours. Only who can reach the API server may judge it, and no such write may lie in a socket
      // until a cut heals.
      const { name, namespace, resourceVersion } = object.metadata;
      const opts = { signal, timeoutMs: confirmMs };
      const fresh = await client.get(haServices, { namespace, name }, opts);
      stores.resources.observeWrite(fresh);
      const member = resource.status.primaryUID ?? '';
      const health = monitor.health(`${namespace}/${name}`, member);
      const stillSilent = health?.verdict === 'Dead' || health?.verdict === 'Unknown';
      if (
        fresh.metadata.resourceVersion !== resourceVersion ||
        !stillSilent ||
        connection.lostSince(clock.now() - confirmMs)
      ) {
        return { again: true, failed: false };
      }
    }
    const written = await writeStatus(this.#options, object, decision.status, signal);
    if (!written) return { again: true, failed: false };
    const { epoch = 0, primary = '' } = decision.status;
    memory.timeline = { epoch, committedAtMs: clock.wallNow() };
    log.warn(
      {
        epoch,
        primary,
        from: before,
        reason: record?.trigger ?? 'Initial',
        evidence: record?.evidence,
      },
      'a primary was elected',
    );
    recordNotes(this.#options.events, object, decision.events);
    return { again: true, failed: false };
  }

  async #act(
    actions: Action[],
    context: ActContext & { object: HAService },
  ): Promise<{ changed: boolean; failed: boolean }> {
    const { clock, connection } = this.#options;
    const { memory, resource, log } = context;
    let changed = false;
    let failed = false;
    for (const action of actions) {
      const what = describe(action);
      try {
        const did = await act(action, context);
        connection.heard();
        memory.failures.delete(what);
        if (!did) continue;
        changed = true;
        if (action.type === 'EnsureChild') {
          noteRepoint(resource, action.manifest, memory, clock.wallNow());
        }
        log.info({ epoch: resource.status.epoch, reason: reasonOf(action) }, what);
        const note = noteOfAction(action);
        if (note !== undefined) recordNotes(this.#options.events, context.object, [note]);
      } catch (error) {
        if (!isHAError(error)) throw error;
        if (isNotFound(error) || isConflict(error)) {
          // The cache was behind: what is there now decides in the next pass.
          changed = true;
          continue;
        }
        failed = true;
        connection.failed(error);
        const message = error.message;
        memory.failures.set(what, { what, reason: error.reason ?? error.code, message });
        log.error({ error, at: clock.wallNow() }, `could not ${what}`);
      }
    }
    return { changed, failed };
  }

  /** Writes the status where it has changed, and tells the Events that go with it. */
  async #finish(
    object: HAService,
    status: Status,
    events: EventNote[],
    signal: AbortSignal,
    pass: Pass,
  ): Promise<Pass> {
    if (isDeepStrictEqual(status, object.status ?? {})) return pass;
    const written = await writeStatus(this.#options, object, status, signal);
    if (!written) return { again: true, failed: pass.failed };
    recordNotes(this.#options.events, object, events);
    return pass;
  }
}

const reasonOf = (action: Action): string =>
  action.type === 'DeletePod' ? action.removal.reason : action.type;
