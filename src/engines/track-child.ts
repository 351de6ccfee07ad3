import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Child processes that this process has started itself and that still run. */
const ours = new Set<number>();

/** Marks a child process as not an orphan, until `ended` settles. */
export function trackChild(pid: number, ended: Promise<unknown>): void {
  ours.add(pid);
  void ended.finally(() => ours.delete(pid)).catch(() => {});
}

/** Time between two scans for orphans. Milliseconds. */
const lookMs = 5;
const looks = 400;

/**
 * Kills the processes that a program has left behind although it and its process group have ended: daemons, which are now
 * children of process 1 that this process has not started. Does nothing unless this is process 1 of a container: elsewhere
 * the orphans may belong to other programs.
 *
 * @throws Error if one does not end, because it waits for a disk.
 */
export async function endOrphans(): Promise<void> {
  if (process.pid !== 1) return;
  for (let look = 0; look < looks; look++) {
    const orphans = await findOrphans();
    if (orphans.length === 0) return;
    for (const pid of orphans) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended in the meantime.
      }
    }
    await sleep(lookMs);
  }
  throw new Error(
    'a process that the program has left behind cannot be ended: check the disk that it waits for',
  );
}

async function findOrphans(): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const orphans = await Promise.all(
    pids.map(async (name) => {
      const pid = Number(name);
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
      return isLivingChildOf1(stat) && !ours.has(pid) ? [pid] : [];
    }),
  );
  return orphans.flat();
}

/** `PID (NAME) STATE PPID ...`, proc(5); the name may hold anything. */
function isLivingChildOf1(stat: string): boolean {
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return parent === '1' && state !== 'Z' && state !== 'X';
}
