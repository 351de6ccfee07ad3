import type { CopyReport } from '../protocol/member-protocol.ts';
import type { Clock } from '../lib/clock.ts';

/** How far the copy has come that a member is being made, for its reports. */
export class CopyMeter {
  readonly #clock: Clock;
  #beganAt: number | undefined;
  #seen: { bytes: number; totalBytes?: number } = { bytes: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: no copy is being made. */
  get report(): CopyReport | undefined {
    if (this.#beganAt === undefined) return undefined;
    return { ...this.#seen, elapsedMs: Math.round(this.#clock.now() - this.#beganAt) };
  }

  begin(): void {
    this.#beganAt = this.#clock.now();
    this.#seen = { bytes: 0 };
  }

  /** If there is less than before, the copy has begun anew. @param totalBytes undefined: not known */
  note(bytes: number, totalBytes: number | undefined): void {
    if (this.#beganAt === undefined || bytes < this.#seen.bytes) this.begin();
    this.#seen = { bytes, ...(totalBytes === undefined ? {} : { totalBytes }) };
  }

  end(): void {
    this.#beganAt = undefined;
  }
}
