import { readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type TimelineRange,
  beginOf,
  parseTimelineHistory,
  timelineAt,
} from './timeline-history.ts';
import { type OsUser, writeFor } from './os-user.ts';
import { historyName, segmentName } from './position.ts';

/** Content of a history file that reserves a number. */
const skipped = '# haservice: there is no timeline of this number\n';

/**
 * The timelines that a server's pg_wal knows.
 *
 * Postgres numbers a new timeline by the highest that it knows, plus one. Two members that were promoted without contact to each
 * other would begin two timelines of the same number, and nothing would distinguish their logs later. So the leader of epoch E
 * begins timeline E + 1 or higher (1 is initdb's): before it is promoted, the numbers in between are reserved by empty history
 * files. Thereby the term of a position rises with the epoch, as the member protocol requires.
 *
 * Such files must exist wherever a later timeline is known: Postgres looks for the newest timeline by counting up to the first
 * missing file, and a standby fetches the file of each number from its leader.
 */
export class Timelines {
  readonly #folder: string;
  readonly #osUser: OsUser | undefined;
  /** Histories never change. */
  readonly #histories = new Map<number, TimelineRange[]>();

  constructor(data: string, osUser: OsUser | undefined) {
    this.#folder = join(data, 'pg_wal');
    this.#osUser = osUser;
  }

  /** The history of a timeline; undefined if its file is missing (yet), or only reserves the number. */
  async history(timeline: number): Promise<TimelineRange[] | undefined> {
    if (timeline === 1) return parseTimelineHistory(1, '');
    const known = this.#histories.get(timeline);
    if (known !== undefined) return known;
    const text = await readFile(this.#path(timeline), 'utf8').catch(() => '');
    const history = parseTimelineHistory(timeline, text);
    if (history.length === 1) return undefined;
    this.#histories.set(timeline, history);
    return history;
  }

  /**
   * The timeline of a log that ends at `offset`. A known history does not mean that the log is on that timeline: a log that had
   * diverged may have fetched it. So the log must contain bytes of it, too.
   */
  async at(offset: number, segmentBytes: number): Promise<number> {
    const names = new Set(await readdir(this.#folder));
    for (const timeline of await this.#real(names)) {
      const history = (await this.history(timeline)) ?? [];
      const begin = beginOf(history);
      if (begin > offset) continue;
      if (begin === offset) return timeline;
      if (names.has(segmentName(timeline, offset - 1, segmentBytes))) return timeline;
    }
    return 1;
  }

  /** The timeline at `offset` of a server that receives `timeline`; undefined while its history is not known. */
  async atReceiver(timeline: number, offset: number): Promise<number | undefined> {
    const history = await this.history(timeline);
    return history === undefined ? undefined : timelineAt(history, offset);
  }

  /** Reserves the unused numbers from 2 up to `timeline`. */
  async reserve(timeline: number): Promise<void> {
    const names = new Set(await readdir(this.#folder));
    // Downwards, as a running server counts up to the first missing file.
    for (let number = timeline; number > 1; number--) {
      if (!names.has(historyName(number))) await this.#write(number, skipped);
    }
  }

  /**
   * Called before the server starts: retains the histories up to that of the log itself, and of timelines that follow it. The server
   * would take any other for the one to continue with, and would not start.
   */
  async tidy(timeline: number, offset: number): Promise<void> {
    const names = new Set(await readdir(this.#folder));
    const later = (await this.#real(names)).filter((other) => other > timeline);
    let highest = timeline;
    for (const other of later) {
      const history = (await this.history(other)) ?? [];
      if (timelineAt(history, offset) === timeline || beginOf(history) === offset) {
        highest = Math.max(highest, other);
      } else {
        await rename(this.#path(other), `${this.#path(other)}.foreign`);
        this.#histories.delete(other);
      }
    }
    for (const name of names) {
      const number = numberOf(name);
      if (number !== undefined && number > highest)
        await rm(join(this.#folder, name), { force: true });
    }
    await this.reserve(highest);
  }

  /** Stores a history file from the leader. */
  async store(timeline: number, text: string): Promise<void> {
    if ((await this.history(timeline)) === undefined && timeline > 1) {
      await this.#write(timeline, text);
    }
  }

  /** Timelines with a history, the newest first. */
  async #real(names: ReadonlySet<string>): Promise<number[]> {
    const numbers = [...names].map(numberOf).filter((number) => number !== undefined);
    const found: number[] = [];
    for (const number of numbers) {
      if ((await this.history(number)) !== undefined) found.push(number);
    }
    return found.sort((a, b) => b - a);
  }

  async #write(timeline: number, text: string): Promise<void> {
    await writeFor(this.#osUser, this.#path(timeline), text);
  }

  #path(timeline: number): string {
    return join(this.#folder, historyName(timeline));
  }
}

function numberOf(name: string): number | undefined {
  const digits = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
  return digits === undefined ? undefined : parseInt(digits, 16);
}
