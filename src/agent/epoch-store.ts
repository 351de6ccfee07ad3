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

/** Keeps the orders that a member has acknowledged. */
export interface EpochStore {
  save(acknowledged: Acknowledged): Promise<void>;
}

/**
 * What was acknowledged, in a file of its own: a new one is written beside it, flushed, and put in its place, so that after a
 * crash there is the old one or the new one, never half of one.
 */
export class EpochFile implements EpochStore {
  readonly #path: string;
  #last = Promise.resolve();

  constructor(folder: string) {
    this.#path = join(folder, stateFile);
  }

  /**
   * What is kept, or that nothing was acknowledged yet. Also makes sure that it can be written.
   * @throws HAError HA_ERR_STATE_FILE where it cannot be read or written. No order may be carried out then: what is in it could
   *   forbid it.
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

  /** Resolves when it would outlive a loss of power. One after the other. @throws HAError HA_ERR_STATE_FILE */
  save(acknowledged: Acknowledged): Promise<void> {
    const saved = this.#last.then(() => this.#write(`${JSON.stringify(acknowledged)}\n`));
    this.#last = saved.catch(() => {});
    return saved;
  }

  async #write(text: string): Promise<void> {
    const folder = dirname(this.#path);
    const beside = `${this.#path}.new`;
    try {
      // Not recursive: more than these two missing is a mistake in the path.
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

/** Whether there was no such folder before. */
async function make(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

/** Makes the names in a folder outlive a loss of power. */
async function flush(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
