import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { HAError } from '../../api/errors.ts';
import { memberReportSchema } from '../../protocol/member-protocol.ts';

const schema = z.object({
  /** Name of the service that the data are of. */
  service: z.string().optional(),
  /** They are of another service, or of none, and have come here with the volume. */
  foreign: z.boolean().default(false),
  /** The data are those of the service: it has led, or been made a copy of a leader. */
  held: z.boolean(),
  /** It held data, and found none when it was started. */
  lost: z.boolean().default(false),
  /** The epoch in which it wrote these data as the leader; 0 where it has followed another since. */
  ledIn: z.int().min(0).default(0),
  /** Where it stood when that ended, if it ended by a fence. Nothing has been written since. */
  ledUntil: z.number().optional(),
  /**
   * Epoch of the leader of which it was to be made a copy: until all of that is on the disk, what a restart finds is of no known
   * age. A promotion changes nothing about that.
   */
  cloning: z.int().optional(),
  /** Its former data, kept until it is known whether the leader has them all. */
  kept: z
    .object({
      epoch: z.int(),
      folder: z.string(),
      ahead: z.number().optional(),
      foreign: z.boolean().default(false),
    })
    .optional(),
  loss: memberReportSchema.shape.loss,
});

export type Persisted = z.output<typeof schema>;

/** Where nothing can be read but there are data: they may be anyone's, and may hold what no other has. */
const unknown: Persisted = { foreign: false, held: true, lost: false, ledIn: 0 };

/** What outlives the process, in a file beside the data. Not needed for the safety of orders: that is the agent's epoch. */
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
   * @param service name of the one that has the volume now
   */
  static async open(dir: string, data: boolean, service: string): Promise<PersistedState> {
    const folder = join(dir, '.haservice');
    await mkdir(folder, { recursive: true });
    const file = join(folder, 'redis.json');
    const read = await readRemembered(file);
    const memory = new PersistedState(file, read ?? { ...unknown, held: data });
    const isLost = read?.held === true && !data;
    const isForeign = data && (read === undefined || (read.service ?? service) !== service);
    // Also where the data are foreign.
    const isNew = read?.service !== service;
    if (isLost || isNew) {
      await memory.set({
        ...(isLost ? { ...unknown, held: false, lost: true, cloning: undefined } : {}),
        ...(isForeign ? { ...unknown, foreign: true } : {}),
        service,
      });
    }
    return memory;
  }

  get now(): Persisted {
    return this.#now;
  }

  /** Why it cannot be written; undefined where it can. */
  get error(): HAError | undefined {
    return this.#error;
  }

  /** Resolves when nothing is being written any more. */
  settled(): Promise<void> {
    return this.#writing;
  }

  /**
   * True at once in `now`; resolves when it is on the disk.
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

/** Undefined where there is no such file. */
async function readRemembered(file: string): Promise<Persisted | undefined> {
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
