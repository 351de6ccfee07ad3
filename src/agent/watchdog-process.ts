import { createInterface } from 'node:readline';

/** What the agent tells its guard: when, on CLOCK_MONOTONIC, it must have heard more, and whom it ends otherwise. */
export interface Watch {
  /** Nanoseconds; null: nothing is to be ended. */
  deadline: string | null;
  /** Process group of the program. */
  pid: number | null;
}

/** Argument by which the agent starts itself as its guard. */
export const guardArgument = 'guard';
/** Further argument: all other processes are of this container, and the agent is its process 1. */
export const containerArgument = 'container';

/** Longest wait before it looks at the clock again. Milliseconds. */
const lookMs = 1_000;

/**
 * Runs as the guard: ends the program when the lease is over, although the agent may be blocked or stopped, and when the agent is
 * gone. Never returns.
 */
export function runGuard(isContainer: boolean): void {
  let watch: Watch = { deadline: null, pid: null };
  let timer: NodeJS.Timeout | undefined;

  const end = () => {
    if (watch.pid !== null) kill(-watch.pid);
    // All but process 1 and this one: also what has left the program's group.
    if (isContainer && process.ppid === 1) kill(-1);
  };
  const look = () => {
    clearTimeout(timer);
    if (watch.deadline === null) return;
    const leftMs = Number(BigInt(watch.deadline) - process.hrtime.bigint()) / 1e6;
    if (leftMs <= 0) end();
    else timer = setTimeout(look, Math.min(Math.ceil(leftMs), lookMs));
  };

  // They are for the agent, which decides.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      watch = JSON.parse(line) as Watch;
      look();
    })
    .on('close', () => {
      if (watch.deadline !== null) end();
      process.exit(0);
    });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended before.
  }
}
