import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { HAError } from '../../api/errors.ts';
import { memberReportSchema } from '../../protocol/member-protocol.ts';
import { userRightsSchema } from './user-rights.ts';

const schema = z.object({
  /** Name of the service to which the data belong. */
  service: z.string().optional(),
  /** The data belong to another service, or to none, and have come with the volume. */
  foreign: z.boolean().default(false),
  /** The data are those of the service: the member has led, or has been made a copy of a leader. */
  held: z.boolean(),
  /** The member held data, and its volume was empty when it was started. */
  lost: z.boolean().default(false),
  /** The epoch in which the member wrote these data as the leader; 0 if it has followed another since. */
  ledIn: z.int().min(0).default(0),
  /** Its offset when it stopped leading, if a fence ended it. Nothing has been written since. */
  ledUntil: z.number().optional(),
  /**
   * Epoch of the leader whose copy the member was to become: until the whole copy is on the disk, the data that a restart finds are
   * of unknown age. A promotion does not change that.
   */
  cloning: z.int().optional(),
  /** Its former data, retained until it is known whether the leader has all of them. */
  kept: z
    .object({
      epoch: z.int(),
      folder: z.string(),
      ahead: z.number().optional(),
      foreign: z.boolean().default(false),
    })
    .optional(),
  loss: memberReportSchema.shape.loss,
  /** What users had from whom a leader has taken the right to replicate: ACL SAVE may have written them without that right. */
  taken: z.array(userRightsSchema).optional(),
});

export type Persisted = z.output<typeof schema>;

/** State for data without a readable state file: they may belong to any service, and may be the only copy. */
const unknown: Persisted = { foreign: false, held: true, lost: false, ledIn: 0 };

/** State that survives the process, in a file beside the data. The safety of orders does not depend on it: see the agent's epoch. */
export class PersistedState {
  readonly #file: string;
  #now: Persisted;
  #writing: Promise<void> = Promise.resolve();
  #error: HAError | undefined;

  private constructor(file: string, now: Persisted) {
    this.#file = file;
    this.#now = now;
  }

  /**
   * @param dir folder of the data
   * @param data whether there are any
   * @param service name of the service that has the volume now
   */
  static async open(dir: string, data: boolean, service: string): Promise<PersistedState> {
    const folder = join(dir, '.haservice');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'redis.json');
    const read = await readState(file);
    const state = new PersistedState(file, read ?? { ...unknown, held: data });
    const isLost = read?.held === true && !data;
    const isForeign = data && (read === undefined || (read.service ?? service) !== service);
    // Even if the data are foreign.
    const isNew = read?.service !== service;
    if (isLost || isNew) {
      await state.set({
        ...(isLost ? { ...unknown, held: false, lost: true, cloning: undefined } : {}),
        ...(isForeign ? { ...unknown, foreign: true } : {}),
        service,
      });
    }
    return state;
  }

  get now(): Persisted {
    return this.#now;
  }

  /** Why the file cannot be written; undefined if it can. */
  get error(): HAError | undefined {
    return this.#error;
  }

  /** Resolves when no write is in progress. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /**
   * Changes `now` at once; resolves when the change is on the disk.
   *
   * @throws HAError HA_ERR_STATE_FILE
   */
  async set(change: { [K in keyof Persisted]?: Persisted[K] | undefined }): Promise<void> {
    this.#now = schema.parse({ ...this.#now, ...change });
    const text = JSON.stringify(this.#now);
    const written = this.#writing.then(() => writeWhole(this.#file, text));
    this.#writing = written.catch(() => {});
    try {
      await written;
      this.#error = undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#error = new HAError('HA_ERR_STATE_FILE', reason, { cause: error });
      throw this.#error;
    }
  }
}

/** Undefined if there is no such file. */
async function readState(file: string): Promise<Persisted | undefined> {
  let text;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return unknown;
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
