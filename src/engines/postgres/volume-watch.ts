import type { Clock } from '../../lib/clock.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Database } from './database.ts';

/** Less than two segments of the log: the next one may not fit. */
const leastRoomBytes = 32 * 2 ** 20;
/** How often the free space is checked. Milliseconds. */
const lookMs = 5_000;
/** How often the server may be told how much log to retain. Milliseconds. */
const refreshMs = 60_000;

/** Watches the space on the volume of the data, with each report. */
export class VolumeWatch {
  readonly #clock: Clock;
  #lookedAt = -Infinity;
  #refreshedAt: number;
  #isFull = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refreshedAt = clock.now();
  }

  async problem({ space, layout: { top } }: Database): Promise<EngineProblem | undefined> {
    const now = this.#clock.now();
    if (now - this.#lookedAt >= lookMs) {
      this.#lookedAt = now;
      this.#isFull = (await space()).free < leastRoomBytes;
    }
    if (!this.#isFull) return undefined;
    return { reason: 'DiskFull', message: `the volume of ${top} is full: make it larger` };
  }

  get isRefreshDue(): boolean {
    return this.#clock.now() - this.#refreshedAt >= refreshMs;
  }

  /** Lets a server that answers retain as much log as the volume allows now. */
  async refresh({ settings, server }: Database, signal: AbortSignal): Promise<void> {
    this.#refreshedAt = this.#clock.now();
    if (!(await settings.refresh())) return;
    // An order may have restarted the server meanwhile: it reads the file then, and must not be signalled before it is up.
    if ((await server.isUp()) && !signal.aborted) server.reload();
  }
}
