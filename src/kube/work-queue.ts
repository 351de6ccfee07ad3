import type { Clock } from '../lib/clock.ts';
import type { WorkQueueMetrics } from './metrics.ts';
import { type WaitingKey, WorkLane } from './work-lane.ts';

/** client-go's per-item exponential rate limit, with a lower maximum: a user waits for the next try. */
const firstRetryMs = 5;
const lastRetryMs = 30_000;

export interface WorkQueueOptions {
  clock: Clock;
  random: () => number;
  name: string;
  metrics?: WorkQueueMetrics;
  /**
   * Whether a key must not wait behind others: it gets workers that no other key can hold. Asked each time when a key is added.
   * Default: none is urgent.
   */
  isUrgent?: (key: string) => boolean;
}

export interface RunOptions {
  /** How many urgent keys, and how many others, are handled at the same time. One namespace has at most half of each. */
  concurrency: number;
  signal: AbortSignal;
  /**
   * Called once per key at a time. Calls `done` once, at the end, never during the call itself. Must not throw: the handler
   * itself calls addRateLimited after an error.
   */
  handler: (key: string, done: () => void) => void;
  /** A key that is being handled was added, and is urgent. It is handled again after `done`. */
  onUrgent?: (key: string) => void;
}

/**
 * Keys to work on, as in client-go: each is at most once in the queue, is never handled by two workers at a time, and is handled
 * again if it was added meanwhile. Urgent keys have workers of their own. Listeners of the stores add keys at any time, any number of times; the operator calls `run` once.
 * After the stop of `run` no key is added any more, and no timer is left that would keep the process alive.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #urgent = new WorkLane();
  readonly #others = new WorkLane();
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
    return this.#urgent.length + this.#others.length;
  }

  add(key: string): void {
    const { metrics, clock, isUrgent } = this.#options;
    if (this.#isStopped) return;
    const urgent = isUrgent?.(key) === true;
    if (this.#urgent.isRunning(key) || this.#others.isRunning(key)) {
      this.#dirty.add(key);
      if (urgent) this.#run?.onUrgent?.(key);
      return;
    }
    if (this.#urgent.has(key)) return;
    if (this.#others.has(key)) {
      const waiting = urgent ? this.#others.withdraw(key) : undefined;
      if (waiting === undefined) return;
      this.#urgent.add(waiting);
    } else {
      (urgent ? this.#urgent : this.#others).add({ key, since: clock.now() });
      metrics?.added();
      metrics?.depth(this.length);
    }
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
    if (!this.#isIdle) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    this.#run = undefined;
  }

  get #isIdle(): boolean {
    return this.#urgent.isIdle && this.#others.isIdle;
  }

  #pump(): void {
    const run = this.#run;
    if (run === undefined) return;
    for (const lane of [this.#urgent, this.#others]) {
      while (!run.signal.aborted) {
        const next = lane.begin(run.concurrency);
        if (next === undefined) break;
        this.#work(next, lane, run);
      }
    }
  }

  #work({ key, since }: WaitingKey, lane: WorkLane, { handler }: RunOptions): void {
    const { clock, metrics } = this.#options;
    const startedAt = clock.now();
    metrics?.waited(startedAt - since);
    metrics?.depth(this.length);
    handler(key, () => {
      lane.ended(key);
      metrics?.worked(clock.now() - startedAt);
      if (this.#dirty.delete(key)) this.add(key);
      this.#pump();
      if (this.#isIdle) this.#idle();
    });
  }
}
