/**
 * How far the clock that wrote a time may be ahead of this one: clocks of machines that NTP keeps are closer by far.
 * Milliseconds.
 */
const skewMs = 10_000;

/**
 * When `ms` milliseconds will have passed since a time that a status names; undefined where they have, or it names none. One
 * that lies ahead was written while a clock was wrong, and counts as long ago: what waits for it might wait for years.
 */
export function endOf(time: string | undefined, ms: number, nowMs: number): number | undefined {
  const at = Date.parse(time ?? '');
  const age = nowMs - at;
  return age >= -skewMs && age < ms ? at + ms : undefined;
}
