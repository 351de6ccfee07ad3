/**
 * How far the clock that wrote a time may be ahead of this one: clocks of machines that NTP keeps are closer by far.
 * Milliseconds.
 */
const skewMs = 10_000;

/**
 * Whether less than `ms` milliseconds have passed since a time that a status names. One that lies ahead was written while a
 * clock was wrong, and counts as long ago: what waits for it might wait for years.
 */
export function isRecent(time: string | undefined, ms: number, nowMs: number): boolean {
  const age = nowMs - Date.parse(time ?? '');
  return age >= -skewMs && age < ms;
}
