import { steadyTime } from './steady-time.ts';

/**
 * The only source of time in the project. Passed in, so that tests and the simulator control it. Methods never throw and may be
 * called at any time; a callback runs on the event loop and must not throw.
 */
export interface Clock {
  /** Monotonic milliseconds: for intervals and deadlines, meaningless across processes. */
  now(): number;
  /** Milliseconds since the Unix epoch, without jumps: for timestamps that people read, and for times derived from them. */
  wallNow(): number;
  /**
   * Calls `callback` once after `ms` milliseconds, or after 24 days if that is earlier; the returned function cancels it, and may be
   * called again.
   */
  after(ms: number, callback: () => void): () => void;
}

/** A longer timer of Node would fire at once. Milliseconds. */
export const longestTimerMs = 2 ** 31 - 1;

/** The process's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: steadyTime(
    () => performance.now(),
    () => Date.now(),
  ),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds, or at once if `signal` comes. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
