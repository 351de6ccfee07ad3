import { readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Piece, beginOf, parseTimelineHistory, timelineAt } from './timeline-history.ts';
import { type OsUser, writeFor } from './os-user.ts';
import { historyName, segmentName } from './position.ts';

/** A history file that says nothing: the timeline of this number never was. */
const skipped = '# haservice: there is no timeline of this number\n';

/**
 * The timelines that are known in a server's pg_wal.
 *
 * Postgres numbers a new timeline by the highest that it knows, plus one. Two members that were promoted while they could not
 * hear of each other would begin two timelines of the same number, and nothing would tell their logs apart later. So the
 * leader of epoch E begins timeline E + 1 or higher (1 is initdb's): before it is promoted, the numbers in between are taken by
 * history files that say nothing. Thereby a position's term rises with the epoch, as the member protocol asks for.
 *
 * Such files must lie wherever the timeline that they precede is known: Postgres looks for the newest timeline by counting up to
 * the first that is missing, and a standby fetches the file of each number from its leader.
 */
export class Timelines {
  readonly #folder: string;
  readonly #owner: OsUser | undefined;
  /** Histories never change. */
  readonly #histories = new Map<number, Piece[]>();

  constructor(data: string, owner: OsUser | undefined) {
    this.#folder = join(data, 'pg_wal');
    this.#owner = owner;
  }

  /** The history of a timeline; undefined where its file is not there (yet), or says nothing. */
  async history(timeline: number): Promise<Piece[] | undefined> {
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
   * The timeline of a log that ends at `offset`. That the history of a timeline is known does not mean that the log is on it: a
   * log which had diverged may have fetched it. So its bytes must be there, too.
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

  /** The timeline at `offset` of one who receives `timeline`; undefined while its history is not known. */
  async atReceiver(timeline: number, offset: number): Promise<number | undefined> {
    const history = await this.history(timeline);
    return history === undefined ? undefined : timelineAt(history, offset);
  }

  /** Takes the numbers from 2 up to `timeline` that nobody has taken. */
  async fill(timeline: number): Promise<void> {
    const names = new Set(await readdir(this.#folder));
    // Downwards, as a running server counts up to the first that is missing.
    for (let number = timeline; number > 1; number--) {
      if (!names.has(historyName(number))) await this.#write(number, skipped);
    }
  }

  /**
   * Before the server starts: leaves the histories up to that of the log itself, and of timelines that come after it. Any other
   * would be taken for the one to go on with, and the server would not start.
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
    await this.fill(highest);
  }

  /** Keeps a history that came from the leader. */
  async keep(timeline: number, text: string): Promise<void> {
    if ((await this.history(timeline)) === undefined && timeline > 1) {
      await this.#write(timeline, text);
    }
  }

  /** Those that say something, the newest first. */
  async #real(names: ReadonlySet<string>): Promise<number[]> {
    const numbers = [...names].map(numberOf).filter((number) => number !== undefined);
    const found: number[] = [];
    for (const number of numbers) {
      if ((await this.history(number)) !== undefined) found.push(number);
    }
    return found.sort((a, b) => b - a);
  }

  async #write(timeline: number, text: string): Promise<void> {
    await writeFor(this.#owner, this.#path(timeline), text);
  }

  #path(timeline: number): string {
    return join(this.#folder, historyName(timeline));
  }
}

function numberOf(name: string): number | undefined {
  const digits = /^([0-9A-F]{8})\.history$/.exec(name)?.[1];
  return digits === undefined ? undefined : parseInt(digits, 16);
}
