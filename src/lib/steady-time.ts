/** How much of the passing time is used to correct a jump of the wall clock. */
const slew = 0.1;

/**
 * Wall-clock time for decisions: it passes evenly, even if the machine's clock is set. A jump is corrected by a tenth of a second
 * per second, as adjtime(3) does: n seconds by this clock are between 0.9 n and 1.1 n seconds.
 *
 * @param now monotonic milliseconds. @param wall milliseconds since the Unix epoch.
 */
export function steadyTime(now: () => number, wall: () => number): () => number {
  let at = now();
  let time = wall();
  return () => {
    const passed = now() - at;
    const most = passed * slew;
    at += passed;
    time += passed;
    time += Math.min(most, Math.max(-most, wall() - time));
    return Math.floor(time);
  };
}
