import type { Writable } from 'node:stream';
import type { Outcome } from './request.ts';

export type Connection = 'new' | 'kept';

/** One line of the client's output. Absent fields are left out. */
export interface Report {
  /** Name of the target. */
  s?: string;
  k: Connection;
  /** When the request was sent: milliseconds since the Unix epoch. */
  t: number;
  /** Milliseconds from there to its end. */
  d: number;
  ok: boolean;
  /** The member that answered. */
  who?: string;
  /** What went wrong: see Outcome. */
  e?: string;
}

/** How long a report waits for others at most, so that writing costs little. Milliseconds. */
const batchMs = 50;

export class Reporter {
  readonly #out: Writable;
  #lines = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Writable) {
    this.#out = out;
  }

  add(
    target: string | undefined,
    k: Connection,
    sentAt: number,
    endedAt: number,
    outcome: Outcome,
  ) {
    const { ok, who, error } = outcome;
    const report: Report = {
      ...(target === undefined ? {} : { s: target }),
      k,
      t: tenths(sentAt),
      d: tenths(endedAt - sentAt),
      ok,
      ...(who === undefined ? {} : { who }),
      ...(error === undefined ? {} : { e: error }),
    };
    this.#lines += `${JSON.stringify(report)}\n`;
    this.#timer ??= setTimeout(() => this.flush(), batchMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines !== '') this.#out.write(this.#lines);
    this.#lines = '';
  }
}

const tenths = (ms: number) => Math.round(ms * 10) / 10;
