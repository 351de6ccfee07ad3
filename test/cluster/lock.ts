import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { ClusterError } from './exec.ts';
import { checkout, stateDir } from './paths.ts';
import { isRunning } from './processes.ts';

const file = `${stateDir}.lock`;

/** Runs `work` while no other process starts or ends this checkout's cluster. A lock whose holder has died is taken over. */
export async function withLock<T>(work: () => Promise<T>): Promise<T> {
  await take(true);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(again: boolean): Promise<void> {
  await mkdir(checkout, { recursive: true });
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder > 0 && isRunning(holder)) {
      throw new ClusterError(
        `process ${holder} is starting or stopping this cluster: wait until it has ended`,
      );
    }
    await rm(file, { force: true });
    if (again) return take(false);
    throw error;
  }
}
