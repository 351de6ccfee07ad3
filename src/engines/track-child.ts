import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes that this one has started itself and still runs. */
const ours = new Set<number>();

/** Not an orphan, until `ended` settles. */
export function trackChild(pid: number, ended: Promise<unknown>): void {
  ours.add(pid);
  void ended.finally(() => ours.delete(pid)).catch(() => {});
}

/** Between two looks at what is left. Milliseconds. */
const lookMs = 5;
const looks = 400;

/**
 * Ends what a program has left behind although it and its process group are gone: what has made itself a daemon, as the
 * children of process 1 that this process has not started. Does nothing where this is not process 1 of a container, where
 * nobody knows whose the orphans are.
 *
 * @throws Error where one does not end, because it waits for a disk.
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
        // It has ended meanwhile.
      }
    }
    await sleep(lookMs);
  }
  throw new Error('the program has left a process behind that cannot be ended');
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
