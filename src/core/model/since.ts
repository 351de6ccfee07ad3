/**
 * How far the clock that wrote a time may be ahead of this one: with NTP, clocks differ by much less. Milliseconds.
 */
export const skewMs = 10_000;

/**
 * When `ms` milliseconds will have passed since a time that another clock has written, such as a time in a status or a
 * creationTimestamp; undefined if they have passed, or there is no time. A time in the future was written by a wrong clock and counts
 * as long ago: otherwise something might wait for years.
 *
 * @param time as a text, or in epoch milliseconds
 */
export function endOf(
  time: string | number | undefined,
  ms: number,
  nowMs: number,
): number | undefined {
  const at = typeof time === 'number' ? time : Date.parse(time ?? '');
  const age = nowMs - at;
  return age >= -skewMs && age < ms ? at + ms : undefined;
}
