import type { Clock } from '../lib/clock.ts';
import type { WorkQueueMetrics } from './metrics.ts';

/** client-go's per-item exponential rate limit, with a lower maximum: a user waits for the next try. */
const firstRetryMs = 5;
const lastRetryMs = 30_000;

export interface WorkQueueOptions {
  clock: Clock;
  random: () => number;
  name: string;
  metrics?: WorkQueueMetrics;
}

export interface RunOptions {
  concurrency: number;
  signal: AbortSignal;
  /**
   * Called once per key at a time. Calls `done` once, at the end, never during the call itself. Must not throw: the handler
   * itself calls addRateLimited after an error.
   */
  handler: (key: string, done: () => void) => void;
}

/**
 * Keys to work on, as in client-go: each is at most once in the queue, is never handled by two workers at a time, and is handled
 * again if it was added meanwhile. Listeners of the stores add keys at any time, any number of times; the operator calls `run` once.
 * After the stop of `run` no key is added any more, and no timer is left that would keep the process alive.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Waiting keys, and since when (monotonic milliseconds). */
  readonly #waiting = new Map<string, number>();
  readonly #running = new Set<string>();
  /** Keys that were added while they were handled. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { atMs: number; cancel: () => void }>();
  readonly #failures = new Map<string, number>();
  #run: RunOptions | undefined;
  #isStopped = false;
  #idle = () => {};

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Number of keys that wait to be handled now. */
  get length(): number {
    return this.#waiting.size;
  }

  add(key: string): void {
    const { metrics, clock } = this.#options;
    if (this.#isStopped) return;
    if (this.#running.has(key)) {
      this.#dirty.add(key);
      return;
    }
    if (this.#waiting.has(key)) return;
    this.#waiting.set(key, clock.now());
    metrics?.added();
    metrics?.depth(this.#waiting.size);
    this.#pump();
  }

  /** Adds the key after `ms` milliseconds, or earlier if an earlier time was requested before. */
  addAfter(key: string, ms: number): void {
    const { clock } = this.#options;
    if (this.#isStopped) return;
    const atMs = clock.now() + ms;
    const before = this.#delayed.get(key);
    if (before !== undefined && before.atMs <= atMs) return;
    before?.cancel();
    const cancel = clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, cancel });
  }

  /** Adds the key after a time that doubles with each call, until `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#options.metrics?.retried();
    const bound = Math.min(lastRetryMs, firstRetryMs * 2 ** Math.min(failures, 30));
    this.addAfter(key, bound * (0.5 + this.#options.random() / 2));
  }

  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Handles keys until the signal comes; running handlers finish. */
  async run(options: RunOptions): Promise<void> {
    this.#run = options;
    this.#pump();
    if (!options.signal.aborted) {
      await new Promise((resolve) => {
        options.signal.addEventListener('abort', resolve, { once: true });
      });
    }
    // Handlers that still run add keys at their end.
    this.#isStopped = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    if (this.#running.size > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#run = undefined;
  }

  #pump(): void {
    const run = this.#run;
    if (run === undefined || run.signal.aborted) return;
    for (const key of this.#waiting.keys()) {
      if (this.#running.size >= run.concurrency) return;
      this.#work(key, run);
    }
  }

  #work(key: string, { handler }: RunOptions): void {
    const { clock, metrics } = this.#options;
    const startedAt = clock.now();
    metrics?.waited(startedAt - (this.#waiting.get(key) ?? startedAt));
    this.#waiting.delete(key);
    metrics?.depth(this.#waiting.size);
    this.#running.add(key);
    handler(key, () => {
      this.#running.delete(key);
      metrics?.worked(clock.now() - startedAt);
      if (this.#dirty.delete(key)) this.add(key);
      this.#pump();
      if (this.#running.size === 0) this.#idle();
    });
  }
}
