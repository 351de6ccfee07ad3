import { Random } from './random.ts';

interface Due {
  atMs: number;
  /** What falls due at the same moment happens in the order in which it was planned. */
  serial: number;
  run: (() => void) | undefined;
}

/** Virtual time, chance, and what is to happen when. Everything in a run comes from its seed. */
export class Kernel {
  /** Virtual milliseconds since the beginning: the true time, which no clock in the model shows. */
  nowMs = 0;
  readonly random: Random;
  /** The trace, for a person; undefined if no trace is wanted. */
  readonly trace: string[] | undefined;
  readonly #heap: Due[] = [];
  #serial = 0;

  constructor(seed: number, traced = false) {
    this.random = new Random(seed);
    this.trace = traced ? [] : undefined;
  }

  note(who: string, what: () => string): void {
    this.trace?.push(`${(this.nowMs / 1_000).toFixed(4).padStart(9)} ${who.padEnd(6)} ${what()}`);
  }

  /** @returns Cancels it. */
  after(ms: number, run: () => void): () => void {
    const due: Due = { atMs: this.nowMs + Math.max(0, ms), serial: this.#serial++, run };
    this.#push(due);
    return () => {
      due.run = undefined;
    };
  }

  /** Runs the next event. False if there is no event before `endMs`. */
  step(endMs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atMs > endMs) {
      this.nowMs = Math.max(this.nowMs, endMs);
      return false;
    }
    this.#pop();
    if (next.run === undefined) return true;
    this.nowMs = next.atMs;
    next.run();
    return true;
  }

  runUntil(endMs: number): void {
    while (this.step(endMs));
  }

  /** A binary heap: a parent is due before its children. */
  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(due);
    for (;;) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isBefore(due, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [first, second] = [heap[left], heap[left + 1]];
      if (first === undefined) break;
      const isSecond = second !== undefined && isBefore(second, first);
      const below = isSecond ? second : first;
      if (!isBefore(below, last)) break;
      heap[at] = below;
      at = isSecond ? left + 1 : left;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Due, b: Due): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);
