import type { Sample } from '../../framework/sample.ts';

/** The longest time without an answered request on new connections, from the first moment to the last. Milliseconds. */
export function longestGapMs(samples: readonly Sample[], fromMs: number, toMs: number): number {
  const answered = samples
    .filter(({ connection, ok }) => connection === 'new' && ok)
    .map(({ endedAt }) => endedAt)
    .filter((at) => at > fromMs && at < toMs)
    .sort((a, b) => a - b);
  const times = [fromMs, ...answered, toMs];
  return Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? time)));
}
