import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { stateFile } from '../protocol/agent-config.ts';
import { HAError } from '../api/errors.ts';
import { type Acknowledged, nothingAcknowledged } from './epoch-check.ts';

const acknowledgedSchema = z.object({
  epoch: z.int().min(0),
  ledEpoch: z.int().min(0),
  leader: z.string().exactOptional(),
  revision: z.int().min(0).exactOptional(),
});

/** Where the agent stores what it has acknowledged. Only the command queue calls it, once per change; one save at a time. */
export interface EpochStore {
  /** Resolves when the state is stored. May be called again with the same state. A rejection means: not stored, do not obey. */
  save(acknowledged: Acknowledged): Promise<void>;
}

/**
 * Stores the acknowledged orders in a file. A new file is written beside it, flushed and moved into its place, so that after a crash
 * there is the old file or the new one, never a part of one.
 */
export class EpochFile implements EpochStore {
  readonly #path: string;
  #last = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, stateFile);
  }

  /**
   * The stored state, or `nothingAcknowledged` if there is none yet. Also checks that the file can be written. Called once, on start.
   * @throws HAError HA_ERR_STATE_FILE if the file cannot be read or written. The agent must not start then: the file could
   *   forbid what an order asks for.
   */
  async load(): Promise<Acknowledged> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw this.#failed('read', error);
      await this.save(nothingAcknowledged);
      return nothingAcknowledged;
    }
    try {
      const acknowledged = acknowledgedSchema.parse(JSON.parse(text));
      await this.save(acknowledged);
      return acknowledged;
    } catch (error) {
      throw error instanceof HAError ? error : this.#failed('read', error);
    }
  }

  /** Resolves when the state would survive a power loss. Saves run one after the other. @throws HAError HA_ERR_STATE_FILE */
  save(acknowledged: Acknowledged): Promise<void> {
    const saved = this.#last.then(() => this.#write(`${JSON.stringify(acknowledged)}\n`));
    this.#last = saved.catch(() => {});
    return saved;
  }

  async #write(text: string): Promise<void> {
    const folder = dirname(this.#path);
    const beside = `${this.#path}.new`;
    try {
      // Not recursive: if more than these two are missing, the path is wrong.
      for (const each of [dirname(folder), folder]) {
        if (await make(each)) await flush(dirname(each));
      }
      await writeFile(beside, text, { mode: 0o600, flush: true });
      await rename(beside, this.#path);
      await flush(folder);
    } catch (error) {
      throw this.#failed('written', error);
    }
  }

  #failed(what: string, cause: unknown): HAError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new HAError('HA_ERR_STATE_FILE', `${this.#path} cannot be ${what}: ${reason}`, {
      cause,
    });
  }
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Returns whether the folder was missing before. */
async function make(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Makes the directory entries of a folder survive a power loss. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
