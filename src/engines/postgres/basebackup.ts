import { readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from './connection.ts';
import { type Layout, divergedName, divergedPath } from './layout.ts';
import { makeFolder } from './os-user.ts';
import type { Settings } from './settings.ts';
import type { Tools } from './tools.ts';

export interface BaseBackupOptions {
  tools: Tools;
  layout: Layout;
  settings: Settings;
  leader: Host;
  /** Size of the leader's data in bytes. */
  size: number;
  /** Epoch in the name of the folder in which the present data are retained, if they hold something that the leader lacks. */
  retainAs: number | undefined;
  signal: AbortSignal;
}

/** A copy needs more space than the data: for what is written meanwhile. */
const roomFactor = 1.1;
const roomBytes = 128 * 2 ** 20;

/**
 * Makes this member a copy of the leader with pg_basebackup, which replaces its data. The server must not run. The present data
 * are removed once the copy is complete, or before if the volume has no space for both.
 *
 * @returns the folder in which the present data were retained
 * @throws what runCommand throws; the signal's reason
 */
export async function baseBackup(options: BaseBackupOptions): Promise<string | undefined> {
  const { tools, layout, settings, leader, size, retainAs, signal } = options;
  const { top, clone, data } = layout;
  await rm(clone, { recursive: true, force: true });
  const room = async () => {
    const { bavail, bsize } = await statfs(top);
    return bavail * bsize >= size * roomFactor + roomBytes;
  };
  if (!(await room())) await removeDiverged(layout);
  // Data that do not fit beside the copy are removed first: the leader has all that counts.
  if (!(await room())) await rm(data, { recursive: true, force: true });
  await makeFolder(clone, tools.osUser);
  try {
    const args = ['--wal-method=stream', '--checkpoint=fast', '--no-password'];
    const source = settings.connection('copy', leader);
    await tools.run('pg_basebackup', ['-D', clone, ...args, '-d', source], {
      signal,
      timeoutMs: Infinity,
    });
    const retained = retainAs === undefined ? undefined : await retain(layout, retainAs);
    await rm(data, { recursive: true, force: true });
    await rename(clone, data);
    return retained;
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}

/** Retains one copy at most: the newest. */
async function retain(layout: Layout, epoch: number): Promise<string | undefined> {
  await removeDiverged(layout);
  const path = divergedPath(layout, epoch);
  try {
    await rename(layout.data, path);
    return path;
  } catch {
    return undefined;
  }
}

async function removeDiverged({ top }: Layout): Promise<void> {
  for (const name of await readdir(top)) {
    if (divergedName.test(name)) await rm(join(top, name), { recursive: true, force: true });
  }
}
