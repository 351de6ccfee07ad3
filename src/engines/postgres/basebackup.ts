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
  /** Bytes that the leader's data take. */
  size: number;
  /** Epoch to keep the present data under, where they hold something that the leader has not. */
  keepAs: number | undefined;
  signal: AbortSignal;
}

/** A copy needs a little more than the data: what is written meanwhile. */
const roomFactor = 1.1;
const roomBytes = 128 * 2 ** 20;

/**
 * Makes this member a copy of the leader, with pg_basebackup, in place of what it has. The server must not run. The present data
 * go only when the copy is complete, or before where the volume has no room for both.
 *
 * @returns where the present data were kept
 * @throws what runCommand throws; the signal's reason
 */
export async function baseBackup(options: BaseBackupOptions): Promise<string | undefined> {
  const { tools, layout, settings, leader, size, keepAs, signal } = options;
  const { top, clone, data } = layout;
  await rm(clone, { recursive: true, force: true });
  const room = async () => {
    const { bavail, bsize } = await statfs(top);
    return bavail * bsize >= size * roomFactor + roomBytes;
  };
  if (!(await room())) await removeDiverged(layout);
  // One that cannot be kept is removed first: the leader has all that counts.
  if (!(await room())) await rm(data, { recursive: true, force: true });
  await makeFolder(clone, tools.owner);
  try {
    const args = ['--wal-method=stream', '--checkpoint=fast', '--no-password'];
    const source = settings.connection('copy', leader);
    await tools.run('pg_basebackup', ['-D', clone, ...args, '-d', source], {
      signal,
      timeoutMs: Infinity,
    });
    const kept = keepAs === undefined ? undefined : await keep(layout, keepAs);
    await rm(data, { recursive: true, force: true });
    await rename(clone, data);
    return kept;
  } finally {
    await rm(clone, { recursive: true, force: true });
  }
}

/** One at most is kept: the newest. */
async function keep(layout: Layout, epoch: number): Promise<string | undefined> {
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
