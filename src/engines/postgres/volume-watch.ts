import type { Clock } from '../../lib/clock.ts';
import { inWords } from '../../api/bytes.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Database } from './database.ts';
import { type RetainedData, RetainedDataFinder } from './retained-data.ts';

/** Less than two segments of the log: the next one may not fit. */
const leastRoomBytes = 32 * 2 ** 20;
/** How often the free space is checked. Milliseconds. */
const lookMs = 5_000;
/** How often the server may be told how much log to retain. Milliseconds. */
const refreshMs = 60_000;

/** Watches the space on the volume of the data. No heartbeat waits for a slow volume: only the server's own answer says that the server works. */
export class VolumeWatch {
  readonly #clock: Clock;
  #lookedAt = -Infinity;
  #refreshedAt: number;
  #finder: RetainedDataFinder | undefined;
  /** What the last look has found. */
  problem: EngineProblem | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refreshedAt = clock.now();
  }

  get isLookDue(): boolean {
    return this.#clock.now() - this.#lookedAt >= lookMs;
  }

  async look({ space, layout }: Pick<Database, 'space' | 'layout'>): Promise<void> {
    this.#lookedAt = this.#clock.now();
    this.#finder ??= new RetainedDataFinder(layout);
    const [{ free }, retained] = await Promise.all([space(), this.#finder.find()]);
    this.problem = problemOf(layout.top, free, retained);
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

function problemOf(
  top: string,
  free: number,
  retained: RetainedData | undefined,
): EngineProblem | undefined {
  const { path, size } = retained ?? {};
  const folder = size === undefined ? path : `${path} (${inWords(size)})`;
  const remove = `${folder}, the data that this member had to discard: copy what you need of it`;
  if (free < leastRoomBytes) {
    const also = path === undefined ? '' : `, or remove ${remove}`;
    return { reason: 'DiskFull', message: `the volume of ${top} is full: make it larger${also}` };
  }
  // Another one like it would not fit.
  if (size === undefined || size <= free) return undefined;
  const message = `only ${inWords(free)} are free on the volume of ${top}: make it larger, or remove ${remove}`;
  return { reason: 'DataRetained', message };
}
