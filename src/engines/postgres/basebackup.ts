import { readdir, rename, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../lib/clock.ts';
import type { CopyMeter } from '../copy-meter.ts';
import type { EngineLog } from '../engine-context.ts';
import type { Host } from './connection.ts';
import { type Layout, divergedName, divergedPath } from './layout.ts';
import { makeFolder } from './os-user.ts';
import type { Settings } from './settings.ts';
import { ToolProgress } from './tool-progress.ts';
import type { Tools } from './tools.ts';
import type { Trash } from './trash.ts';
import { isPreparingCopy } from './upstream.ts';

export interface BaseBackupOptions {
  tools: Tools;
  layout: Layout;
  settings: Settings;
  trash: Trash;
  clock: Clock;
  log: EngineLog;
  meter: CopyMeter;
  leader: Host;
  /** Epoch in the name of the folder in which the present data are retained, if they hold something that the leader lacks. */
  retainAs: number | undefined;
  signal: AbortSignal;
}

/** So that it tells how far it is, and what it does. */
const told = ['--progress', '--verbose'];
/** A copy needs more space than the data: for what is written meanwhile. */
const roomFactor = 1.1;
const roomBytes = 128 * 2 ** 20;

/**
 * Makes this member a copy of the leader with pg_basebackup, which replaces its data. The server must not run. The present data
 * are removed once the copy is complete, or before if the volume has no space for both.
 *
 * @returns the folder in which the present data were retained
 * @throws what runCommand throws; HAError HA_ERR_COPY_STALLED; the signal's reason
 */
export async function baseBackup(options: BaseBackupOptions): Promise<string | undefined> {
  const { tools, layout, settings, trash, leader, retainAs, signal, clock, meter } = options;
  const { clone, data } = layout;
  await trash.add(clone);
  await makeFolder(clone, tools.osUser);
  const args = ['--wal-method=stream', '--checkpoint=fast', '--no-password'];
  const source = settings.connection('copy', leader);
  let receivedLog: number | undefined;
  const isWorking = async () => {
    if (receivedLog === undefined) return isPreparingCopy(settings, leader, signal);
    const before = receivedLog;
    receivedLog = await logBytes(layout);
    return receivedLog !== before;
  };
  const progress = new ToolProgress({ tool: 'pg_basebackup', clock, meter, isWorking });
  let room: Promise<void> | undefined;
  const onLine = (line: string): boolean => {
    const isProgress = progress.onLine(line);
    // All data have come, and the log that was written meanwhile is still coming.
    if (line.includes('waiting for background process')) receivedLog = 0;
    const { totalBytes } = meter.report ?? {};
    // Beside the copy: the data are on the way, and no other member waits for this one.
    if (totalBytes !== undefined) room ??= makeRoom(options, totalBytes).catch(() => {});
    return isProgress;
  };
  try {
    await tools.run('pg_basebackup', ['-D', clone, ...args, ...told, '-d', source], {
      signal: AbortSignal.any([signal, progress.stalled]),
      timeoutMs: Infinity,
      onLine,
    });
    await room;
    signal.throwIfAborted();
    const retained = retainAs === undefined ? undefined : await retain(options, retainAs);
    await trash.add(data);
    await rename(clone, data);
    return retained;
  } finally {
    progress.close();
    meter.end();
    await trash.add(clone);
  }
}

/** Frees space for the copy if there is too little: the leader has all that counts. */
async function makeRoom(options: BaseBackupOptions, size: number): Promise<void> {
  const { layout, trash } = options;
  const hasRoom = async () => {
    await trash.emptied();
    const { bavail, bsize } = await statfs(layout.top);
    return bavail * bsize >= size * roomFactor + roomBytes;
  };
  if (await hasRoom()) return;
  await removeDiverged(options);
  if (!(await hasRoom())) await trash.add(layout.data);
}

/** Retains one copy at most: the newest. */
async function retain(options: BaseBackupOptions, epoch: number): Promise<string | undefined> {
  const { layout } = options;
  await removeDiverged(options);
  const path = divergedPath(layout, epoch);
  try {
    await rename(layout.data, path);
    return path;
  } catch {
    return undefined;
  }
}

async function removeDiverged({ layout: { top }, trash, log }: BaseBackupOptions): Promise<void> {
  for (const name of await readdir(top)) {
    if (!divergedName.test(name)) continue;
    const path = join(top, name);
    log.warn(
      { path },
      'removing data that were retained: there is room for one copy of them at most',
    );
    await trash.add(path);
  }
}

/** How much log pg_basebackup has received. */
async function logBytes({ clone }: Layout): Promise<number> {
  const folder = join(clone, 'pg_wal');
  const files = await Promise.all(
    (await readdir(folder)).map((name) => stat(join(folder, name)).catch(() => undefined)),
  );
  return files.reduce((sum, file) => sum + (file?.size ?? 0), 0);
}
