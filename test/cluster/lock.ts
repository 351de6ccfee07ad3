import { once } from 'node:events';
import { type Server, createServer } from 'node:net';
import { ClusterError } from './exec.ts';
import { initMark } from './paths.ts';
import { until } from './sandbox.ts';

/**
 * Runs `work` while no other command on this checkout's cluster holds the lock of that name. The lock is a socket in the kernel's
 * abstract namespace: it is released when the process that holds it ends, however that happens.
 *
 * @param waitMs how long to wait for the other command.
 * @throws ClusterError if the other command takes longer.
 */
export async function withLock<T>(
  name: string,
  waitMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await until(() => take(`\0${initMark}-${name}`), waitMs);
  if (lock === undefined) {
    throw new ClusterError(
      'another command is at work on this cluster: wait until it has ended, then try again',
    );
  }
  try {
    return await work();
  } finally {
    lock.close();
    await once(lock, 'close');
  }
}

async function take(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.listen(path);
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
