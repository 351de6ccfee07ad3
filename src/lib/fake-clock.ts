import type { Clock } from './clock.ts';

interface Timer {
  at: number;
  callback: () => void;
}

/** A clock for tests: time passes only by `advance` or `stall`. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets `ms` milliseconds pass; each timer fires at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers
        .filter(({ at }) => at <= end)
        .reduce<Timer | undefined>((a, b) => (a !== undefined && a.at <= b.at ? a : b), undefined);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      this.#timers = this.#timers.filter((other) => other !== next);
      next.callback();
    }
    this.#now = end;
  }

  /** Lets `ms` milliseconds pass in which nothing runs, as if the process were stopped. Overdue timers stay due. */
  stall(ms: number): void {
    this.#now += ms;
  }
}
