import { createInterface } from 'node:readline';

/** What the agent tells its watchdog: the deadline on CLOCK_MONOTONIC, and the process group to kill if no later one comes. */
export interface WatchdogState {
  /** Nanoseconds; null: there is nothing to kill. */
  deadline: string | null;
  /** Process group of the program. */
  pid: number | null;
}

/** Argument by which the agent starts itself as its watchdog. */
export const watchdogArgument = 'watchdog';
/** Further argument: all other processes belong to this container, and the agent is its process 1. */
export const containerArgument = 'container';

/** Longest time between two looks at the clock. Milliseconds. */
const checkMs = 1_000;

/**
 * Runs as the watchdog: kills the program if the lease is over, even if the agent is blocked or stopped, and if the agent has
 * ended. Never returns.
 */
export function runWatchdog(isContainer: boolean): void {
  let watch: WatchdogState = { deadline: null, pid: null };
  let timer: NodeJS.Timeout | undefined;

  const end = () => {
    if (watch.pid !== null) kill(-watch.pid);
    // All but process 1 and this one: also processes that have left the program's group.
    if (isContainer && process.ppid === 1) kill(-1);
  };
  const check = () => {
    clearTimeout(timer);
    if (watch.deadline === null) return;
    const leftMs = Number(BigInt(watch.deadline) - process.hrtime.bigint()) / 1e6;
    if (leftMs <= 0) end();
    else timer = setTimeout(check, Math.min(Math.ceil(leftMs), checkMs));
  };

  // These signals are for the agent, which decides.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {});
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      watch = JSON.parse(line) as WatchdogState;
      check();
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
    // The process has ended before.
  }
}
