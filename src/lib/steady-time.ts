/** By how much of the time that passes a wall clock's jump is taken over. */
const slew = 0.1;

/**
 * The time of day as decisions may use it: it runs evenly, also where the machine's clock is set. A jump is taken over a
 * tenth of a second in each second, as adjtime(3) does it: whatever lasts n seconds by this clock lasts between 0.9 n and
 * 1.1 n.
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
