import { access, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineLog } from '../engine-context.ts';

const prefix = '.removing-';

/**
 * Removes folders with data. A folder of a million files takes minutes, and an order that ends a copy must not wait for that: so it is
 * moved out of the way at once, and removed from the disk in the background.
 */
export class Trash {
  readonly #top: string;
  readonly #log: EngineLog;
  #emptying: Promise<unknown> = Promise.resolve();

  constructor(top: string, log: EngineLog) {
    this.#top = top;
    this.#log = log;
  }

  /** Removes what an earlier process has not removed to the end. */
  async resume(): Promise<void> {
    for (const name of await readdir(this.#top)) {
      if (name.startsWith(prefix)) this.#remove(join(this.#top, name));
    }
  }

  /** Resolves when nothing is at `path` any more. */
  async add(path: string): Promise<void> {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return;
    try {
      const folder = await mkdtemp(join(this.#top, prefix));
      await rename(path, join(folder, 'data')).finally(() => this.#remove(folder));
    } catch {
      // Such as a volume that is too full for another folder.
      await rm(path, { recursive: true, force: true });
    }
  }

  /** Resolves when the space of all that was added is free, or cannot be freed. */
  async emptied(): Promise<void> {
    await this.#emptying;
  }

  #remove(folder: string): void {
    const removed = rm(folder, { recursive: true, force: true }).catch((error: unknown) =>
      this.#log.warn({ error, folder }, 'the folder cannot be removed'),
    );
    this.#emptying = Promise.all([this.#emptying, removed]);
  }
}
