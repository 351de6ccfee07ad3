/** What happens at a fixed rate, whatever became of the last time. */
export interface Beat {
  /** When it is due next, in milliseconds on the clock of `now`. */
  nextAt: number;
  act: () => void;
}

/** Timers are that much early at most. Milliseconds. */
const earlyMs = 0.5;

/**
 * Acts on all beats that are due and returns when the next one is. Beats that were missed while the process did not run
 * are left out: a burst would be no picture of a steady client.
 */
export function runDue(beats: Beat[], intervalMs: number, now: number): number {
  for (const beat of beats) {
    const late = now - beat.nextAt;
    if (late < -earlyMs) continue;
    beat.nextAt += intervalMs * (1 + Math.max(0, Math.floor(late / intervalMs)));
    beat.act();
  }
  return Math.min(...beats.map(({ nextAt }) => nextAt));
}
