/** An action at a fixed rate, whatever the result of the last one. */
export interface Beat {
  /** When it is due next, in milliseconds on the clock of `now`. */
  nextAt: number;
  act: () => void;
}

/** How early timers may fire. Milliseconds. */
const earlyMs = 0.5;

/**
 * Runs all beats that are due and returns the time of the next one. Beats that were missed while the process did not run are
 * skipped: a burst would not be the load of a steady client.
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
