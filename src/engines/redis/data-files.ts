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
