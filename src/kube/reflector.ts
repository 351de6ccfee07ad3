import { type Clock, sleep } from '../lib/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { apiError, isExpired } from './api-error.ts';
import { Backoff } from './backoff.ts';
import type { KubeClient } from './client.ts';
import type { ResourceType } from './resources.ts';
import { cacheTransform } from './cache-transform.ts';
import type { Store } from './store.ts';
import type { KubeObject } from './api-types.ts';

const pageSize = 500;
/** The API server ends each watch after 5 to 10 minutes (client-go's figure), so that watches spread over servers. */
const watchSeconds = 300;
/** The API server sends a bookmark about once a minute: silence of three means a connection that is stuck. */
const stallMs = 180_000;
/** A watch that ends sooner, with nothing heard, is a failure: the API server is stopping. Source: client-go. */
const shortWatchMs = 1_000;
/** Few operators watch, so that the API server is not overrun by them, and a blind one is a danger. */
const lastRetryMs = 5_000;

export interface ReflectorOptions<T extends KubeObject> {
  client: KubeClient;
  type: ResourceType<T>;
  store: Store<T>;
  clock: Clock;
  random: () => number;
  log: Log;
  labelSelector?: string;
}

/**
 * Keeps a store equal to what the API server has: a paged list, then a watch from there, resumed where it ends, and a
 * new list only when the API server says that the old place is gone (410). Stops for nothing but its signal.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** Resolves when the store has been filled once. */
  readonly synced: Promise<void>;
  #markSynced = () => {};
  #hasSynced = false;
  #resourceVersion: string | undefined;
  /** Lists that were asked for by a 410 since something was last heard. */
  #listedAnew = 0;

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
          // At once, but not over and over.
          if (this.#listedAnew++ === 0) continue;
        }
        const waitMs = this.#backoff.next();
        log.warn({ kind: type.kind, error, waitMs: Math.round(waitMs) }, 'watch failed, resuming');
        await sleep(clock, waitMs, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, type, store, labelSelector } = this.#options;
    const objects: T[] = [];
    let resourceVersion: string;
    let next: string | undefined;
    do {
      const page = await client.list(type, {
        signal,
        limit: pageSize,
        labelSelector,
        continue: next,
      });
      objects.push(...page.items.map((item) => cacheTransform(item)));
      resourceVersion = page.resourceVersion;
      next = page.continue;
    } while (next !== undefined);
    store.replace(objects, resourceVersion);
    this.#resourceVersion = resourceVersion;
    this.#hasSynced = true;
    this.#markSynced();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, type, store, labelSelector, random, clock } = this.#options;
    const stall = new AbortController();
    const stalled = () => stall.abort(new Error('the watch has gone silent'));
    let cancel = clock.after(stallMs, stalled);
    const startedAt = clock.now();
    let isSilent = true;
    const heard = () => {
      cancel();
      cancel = clock.after(stallMs, stalled);
      isSilent = false;
      this.#listedAnew = 0;
      this.#backoff.reset();
    };
    try {
      const events = client.watch(type, {
        labelSelector,
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
      }
      if (isSilent && clock.now() - startedAt < shortWatchMs) {
        throw new Error('the watch ended at once, with nothing in it');
      }
    } finally {
      cancel();
    }
  }
}
