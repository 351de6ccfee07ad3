import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Layout, divergedName } from './layout.ts';

/** Folder with data that this member had to discard. */
export interface RetainedData {
  path: string;
  /** Bytes that it takes; undefined: they are still being added up. */
  size: number | undefined;
}

/** Finds the data that were retained when the member was made a copy of a leader without them: the user alone removes them. */
export class RetainedDataFinder {
  readonly #top: string;
  #found: RetainedData | undefined;

  constructor({ top }: Layout) {
    this.#top = top;
  }

  /** Adds up the size in the background, once for each folder: it may hold a million files. */
  async find(): Promise<RetainedData | undefined> {
    const name = (await readdir(this.#top)).find((each) => divergedName.test(each));
    const path = name === undefined ? undefined : join(this.#top, name);
    if (path === undefined) this.#found = undefined;
    else if (path !== this.#found?.path) {
      const found: RetainedData = { path, size: undefined };
      this.#found = found;
      void sizeOf(path).then((size) => (found.size = size));
    }
    return this.#found;
  }
}

/** Files that cannot be read, or are gone, count as nothing. */
async function sizeOf(path: string): Promise<number> {
  let size = 0;
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) size += await sizeOf(inside);
    else size += ((await lstat(inside).catch(() => undefined))?.blocks ?? 0) * 512;
  }
  return size;
}
