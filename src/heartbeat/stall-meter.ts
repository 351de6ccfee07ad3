import type { Clock } from '../lib/clock.ts';

/** How often the meter checks. A shorter stall may not be found. */
const tickMs = 50;
/** Ordinary lateness of a tick: timers are rounded to a millisecond and wait for other work. */
const toleranceMs = 10;

/**
 * Measures how long the operator itself did not run: a blocked event loop, a starved CPU, SIGSTOP, a paused virtual
 * machine. `attentiveNow` is a clock that stands still during that time, so that a member's silence, measured by it, contains
 * only time in which the operator could have received an answer. Source: Lifeguard's local health (see detector.ts).
 */
export class StallMeter {
  readonly #clock: Clock;
  readonly #onStall: (ms: number) => void;
  #lastTick: number;
  #stalledMs = 0;
  #cancel: () => void;

  constructor(clock: Clock, onStall: (ms: number) => void = () => {}) {
    this.#clock = clock;
    this.#onStall = onStall;
    this.#lastTick = clock.now();
    this.#cancel = clock.after(tickMs, () => this.#tick());
  }

  /** Monotonic milliseconds without the stalls. Correct also while a tick is overdue; never goes back. */
  attentiveNow(): number {
    const now = this.#clock.now();
    return now - this.#stalledMs - this.#overdue(now);
  }

  /** All stalls so far, in milliseconds. */
  stalledMs(): number {
    return this.#stalledMs + this.#overdue(this.#clock.now());
  }

  close(): void {
    this.#cancel();
  }

  #overdue(now: number): number {
    return Math.max(0, now - this.#lastTick - tickMs - toleranceMs);
  }

  #tick(): void {
    const now = this.#clock.now();
    const stalled = this.#overdue(now);
    this.#stalledMs += stalled;
    this.#lastTick = now;
    this.#cancel = this.#clock.after(tickMs, () => this.#tick());
    if (stalled > 0) this.#onStall(stalled);
  }
}
