import { copyFile, link, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { logFolder } from './server-config.ts';

const manifest = join(logFolder, 'appendonly.aof.manifest');
/** Written beside the log of discarded data while the log of the new data is being made (Redis 7.0, aof.c). */
const pending = join(logFolder, 'temp-appendonly.aof.incr');
const prefix = 'haservice-diverged-';

/** What a server would load from a folder: its log (in the old form: a file), only a snapshot, or nothing. */
export async function findData(dir: string): Promise<'log' | 'snapshot' | 'none'> {
  if ((await exists(join(dir, manifest))) || (await exists(join(dir, 'appendonly.aof')))) {
    return 'log';
  }
  return (await exists(join(dir, 'dump.rdb'))) ? 'snapshot' : 'none';
}

/**
 * Whether the server holds other data in memory than in its log, and has not written them yet, whether or not an order has
 * caused this: a follower whose link was down for long is made a copy by its server alone.
 */
export const isLogPending = (dir: string): Promise<boolean> => exists(join(dir, pending));

/** For a server that has ended: removes its unfinished log. */
export const dropPending = (dir: string): Promise<void> => rm(join(dir, pending), { force: true });

/**
 * Retains the data files of a server that follows no leader, in a folder on which a server can be started. Uses hard links if the
 * volume supports them: they take no space until the server replaces its files.
 *
 * @returns the folder
 */
export async function retainData(dir: string, epoch: number): Promise<string> {
  const folder = join(dir, `${prefix}${epoch}`);
  const unfinished = `${folder}.new`;
  // The server may replace its files at any moment; the manifest lists those that belong together.
  for (let attempt = 1; ; attempt++) {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(unfinished, logFolder), { recursive: true });
    try {
      await linkOrCopy(join(dir, manifest), join(unfinished, manifest));
      for (const name of filesOf(await readFile(join(unfinished, manifest), 'utf8'))) {
        await linkOrCopy(join(dir, logFolder, name), join(unfinished, logFolder, name));
      }
      break;
    } catch (error) {
      if (!isMissing(error) || attempt === 10) throw error;
    }
  }
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return folder;
}

/** Removes all retained folders, except that of one epoch. */
export async function dropRetained(dir: string, except?: number): Promise<void> {
  for (const name of await readdir(dir)) {
    if (name.startsWith(prefix) && name !== `${prefix}${except}`) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}

/**
 * Whether the log holds no key, no function and no command: whatever the server has sent to its followers were its own pings, which it
 * does not log. A log that cannot be read may hold anything.
 */
export async function isLogEmpty(dir: string): Promise<boolean> {
  try {
    const text = await readFile(join(dir, manifest), 'utf8');
    for (const [, name = '', type] of text.matchAll(/^file (\S+) seq \d+ type ([bi])/gm)) {
      const path = join(dir, logFolder, name);
      const { size } = await stat(path);
      const isEmpty =
        size === 0 ||
        (type === 'b' && size <= mostEmptyBytes && isEmptySnapshot(await readFile(path)));
      if (!isEmpty) return false;
    }
    return text.includes(' type i');
  } catch {
    return false;
  }
}

/** A snapshot without keys has only some short fields about the server. */
const mostEmptyBytes = 1_024;

/** Only auxiliary fields (0xfa, and two strings) between the magic word and the end (0xff). Redis, rdb.h. */
function isEmptySnapshot(bytes: Buffer): boolean {
  if (bytes.toString('latin1', 0, 5) !== 'REDIS') return false;
  let at = 9;
  const skipString = () => {
    const first = bytes[at] ?? 0xff;
    // A length of 6 or 14 bits, or a number of 8, 16 or 32 bits.
    const sizes: Record<number, number> = { 0xc0: 2, 0xc1: 3, 0xc2: 5 };
    if (first < 0x40) at += 1 + first;
    else if (first < 0x80) at += 2 + ((first & 0x3f) << 8) + (bytes[at + 1] ?? 0);
    else at += sizes[first] ?? bytes.length;
  };
  while (bytes[at] === 0xfa) {
    at++;
    skipString();
    skipString();
  }
  return bytes[at] === 0xff;
}

function filesOf(text: string): string[] {
  return [...text.matchAll(/^file (\S+) seq \d+ type [bi]/gm)].map(([, name = '']) => name);
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (isMissing(error)) throw error;
    await copyFile(from, to);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
