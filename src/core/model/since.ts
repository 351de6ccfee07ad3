/**
 * How far the clock that wrote a time may be ahead of this one: with NTP, clocks differ by much less. Milliseconds.
 */
const skewMs = 10_000;

/**
 * When `ms` milliseconds will have passed since a time in a status; undefined if they have passed, or there is no time. A time in
 * the future was written by a wrong clock and counts as long ago: otherwise something might wait for years.
 */
export function endOf(time: string | undefined, ms: number, nowMs: number): number | undefined {
  const at = Date.parse(time ?? '');
  const age = nowMs - at;
  return age >= -skewMs && age < ms ? at + ms : undefined;
}
