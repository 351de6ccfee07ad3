import { HAError } from '../../api/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { CopyMeter } from '../copy-meter.ts';

/** How long a copy may make no progress. Milliseconds. */
export const stalledMs = 600_000;

export interface ToolProgressOptions {
  tool: string;
  clock: Clock;
  meter: CopyMeter;
  /** Asked if the tool has printed nothing for so long: whether something else shows that the copy goes on. */
  isWorking?: () => Promise<boolean>;
}

/**
 * Follows pg_basebackup or pg_rewind by what they print with --progress: a copy may take days, so there is no limit to its time; but
 * one that makes no progress is ended, and tried again.
 */
export class ToolProgress {
  readonly #options: ToolProgressOptions;
  readonly #stalled = new AbortController();
  #cancel = () => {};
  #isClosed = false;

  constructor(options: ToolProgressOptions) {
    this.#options = options;
    options.meter.begin();
    this.#renew();
  }

  /** Comes if the copy makes no progress. The reason is an HAError HA_ERR_COPY_STALLED. */
  get stalled(): AbortSignal {
    return this.#stalled.signal;
  }

  /** A line that the tool has printed. @returns whether it only says how far the copy is */
  readonly onLine = (line: string): boolean => {
    this.#renew();
    // The rest is done by this machine alone, which cannot tell how far it is.
    if (/syncing .*data/.test(line)) this.close();
    const [, done, total] = /^\s*(\d+)\/(\d+) kB \(/.exec(line) ?? [];
    if (done === undefined) return false;
    const totalKiB = Number(total);
    this.#options.meter.note(Number(done) * 1024, totalKiB > 0 ? totalKiB * 1024 : undefined);
    return true;
  };

  /** The tool has ended, or needs no limit any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #renew(): void {
    if (this.#isClosed) return;
    this.#cancel();
    this.#cancel = this.#options.clock.after(stalledMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { tool, isWorking = () => Promise.resolve(false) } = this.#options;
    let isRenewed = false;
    this.#cancel = () => (isRenewed = true);
    const works = await isWorking().catch(() => false);
    if (isRenewed || this.#isClosed) return;
    if (works) {
      this.#renew();
      return;
    }
    const message = `${tool} has made no progress for ${stalledMs / 60_000} minutes, and was ended`;
    this.#stalled.abort(new HAError('HA_ERR_COPY_STALLED', message));
  }
}
