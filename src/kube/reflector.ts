import { applyRole } from '../api/advice.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { apiError, isExpired, isForbidden, isNotFound } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import type { ResourceType } from './resources.ts';
import { cacheTransform } from './cache-transform.ts';
import { type Store, isLower } from './store.ts';
import type { KubeObject } from './api-types.ts';

const pageSize = 500;
/** The API server ends each watch after 5 to 10 minutes (client-go's value), so that watches spread over servers. */
const watchSeconds = 300;
/** The API server sends a bookmark about once a minute: three minutes of silence mean a stuck connection. */
const stallMs = 180_000;
/** If a watch ends sooner, without an event, it counts as a failure: the API server is stopping. Source: client-go. */
const shortWatchMs = 1_000;
/** Few operators watch, so they do not overload the API server; but an operator without a watch must not wait for long. */
const lastRetryMs = 5_000;
/** Until an optional kind that was refused is asked for again. */
const refusedRetryMs = 10_000;

export interface ReflectorOptions<T extends KubeObject> {
  client: KubeClient;
  type: ResourceType<T>;
  store: Store<T>;
  clock: Clock;
  random: () => number;
  log: Log;
  /** Default: all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /**
   * The operator can work without this kind, as the role of an older installation lacks the right to it: `synced` resolves after
   * the first attempt, and while the API server refuses the kind (403), the store is not complete.
   */
  optional?: boolean;
}

/**
 * Keeps a store equal to the API server: a paged list, then a watch from there, which is resumed if it ends in order, and begins with a
 * list if it has failed: the database of the API server may have been restored from a backup, and a watch from a version of the
 * future would stay silent until that version comes. The operator creates one per type and calls `run` once; it retries all
 * errors with backoff, and ends only with its signal.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** Resolves when the store has been filled once; for an optional kind when the first attempt has ended. */
  readonly synced: Promise<void>;
  #markSynced = () => {};
  #hasSynced = false;
  #resourceVersion: string | undefined;
  /** The last version that the API server has told. */
  #lastVersion: string | undefined;
  /** Lists because of a 410 since the last event. */
  #relists = 0;
  #lack: string | undefined;
  #isUnknown = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff(options.random, { lastMs: lastRetryMs });
    this.synced = new Promise((resolve) => {
      this.#markSynced = resolve;
    });
  }

  hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** What a person must do before the API server answers the list, in a clause; undefined: nothing is known to be. */
  get lack(): string | undefined {
    return this.#lack;
  }

  /** The API server does not know the type: then even an optional list is nothing to begin with. */
  get isUnknown(): boolean {
    return this.#isUnknown;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { log, type, clock } = this.#options;
    const stopped = () => signal.aborted;
    while (!stopped()) {
      try {
        if (this.#resourceVersion === undefined) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (stopped()) return;
        if (isExpired(error)) {
          this.#resourceVersion = undefined;
          log.info({ kind: type.kind }, 'the watch is too old, listing again');
          // At once, but not repeatedly.
          if (this.#relists++ === 0) continue;
        }
        await sleep(clock, this.#failed(error), signal);
      }
    }
  }

  /** @returns after how many milliseconds to try again. */
  #failed(error: unknown): number {
    const { log, type, store, namespace, optional = false } = this.#options;
    // The database of the API server may have been restored meanwhile, and its version be higher again.
    this.#resourceVersion = undefined;
    if (optional) this.#endFirstAttempt();
    const lack = this.#lackOf(error);
    // Once, and not at each attempt.
    if (lack !== undefined && lack !== this.#lack) log.warn({ kind: type.kind, error }, lack);
    this.#lack = lack;
    this.#isUnknown = isNotFound(error) && type.ifUnknown !== undefined;
    if (optional && isForbidden(error)) {
      store.setRefused(namespace);
      return refusedRetryMs;
    }
    const waitMs = this.#backoff.next();
    if (lack === undefined) {
      log.warn({ kind: type.kind, error, waitMs: Math.round(waitMs) }, 'watch failed, resuming');
    }
    return waitMs;
  }

  #lackOf(error: unknown): string | undefined {
    const { type, namespace } = this.#options;
    const { kind, ifUnknown } = type;
    if (isNotFound(error) && ifUnknown !== undefined) {
      return `the API server does not know the kind ${kind}: ${ifUnknown}`;
    }
    const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
    return isForbidden(error)
      ? `the operator may not list ${kind}s${where}: ${applyRole}`
      : undefined;
  }

  #endFirstAttempt(): void {
    this.#hasSynced = true;
    this.#markSynced();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, store, namespace, log } = this.#options;
    const objects: T[] = [];
    let resourceVersion: string;
    let next: string | undefined;
    do {
      const page = await client.list(type, {
        signal,
        limit: pageSize,
        ...this.#selection(),
        continue: next,
      });
      objects.push(...page.items.map((item) => cacheTransform(item)));
      resourceVersion = page.resourceVersion;
      next = page.continue;
    } while (next !== undefined);
    if (
      isLower(resourceVersion, this.#lastVersion) ||
      store.contradicts(objects, resourceVersion)
    ) {
      const versions = { resourceVersion, before: this.#lastVersion };
      const what = 'the API server has gone back in time, as after a restored backup';
      log.warn({ kind: type.kind, ...versions }, `${what}: everything is read anew`);
      store.forget(namespace);
    }
    store.replace(objects, resourceVersion, namespace);
    this.#resourceVersion = resourceVersion;
    this.#lastVersion = resourceVersion;
    if (this.#lack !== undefined) log.info({ kind: type.kind }, 'the operator may read this kind');
    this.#lack = undefined;
    this.#isUnknown = false;
    this.#endFirstAttempt();
  }

  #selection() {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return { namespace, labelSelector, fieldSelector };
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, type, store, random, clock } = this.#options;
    const stall = new AbortController();
    const stalled = () => stall.abort(new Error('the watch is silent'));
    let cancel = clock.after(stallMs, stalled);
    const startedAt = clock.now();
    let isSilent = true;
    const heard = () => {
      cancel();
      cancel = clock.after(stallMs, stalled);
      isSilent = false;
      this.#relists = 0;
      this.#backoff.reset();
    };
    try {
      const events = client.watch(type, {
        ...this.#selection(),
        resourceVersion: this.#resourceVersion ?? '',
        timeoutSeconds: Math.round(watchSeconds * (1 + random())),
        signal: AbortSignal.any([signal, stall.signal]),
      });
      for await (const { type: change, object } of events) {
        if (change === 'ERROR') {
          const { code = 500 } = object as { code?: number };
          throw apiError(code, JSON.stringify(object), `watch of ${type.kind}`);
        }
        heard();
        if (change === 'DELETED') store.remove(object);
        else if (change !== 'BOOKMARK') store.put(object);
        this.#resourceVersion = object.metadata?.resourceVersion ?? this.#resourceVersion;
        this.#lastVersion = this.#resourceVersion;
      }
      if (isSilent && clock.now() - startedAt < shortWatchMs) {
        throw new Error('the watch ended at once, without an event');
      }
    } finally {
      cancel();
    }
  }
}
