import type { Sample } from '../framework/sample.ts';

/** How the requests went that were sent in one cell's time. */
export type Cell = 'none' | 'ok' | 'some' | 'failed';

/**
 * The requests of a stretch of time, in cells of `cellMs`. A request is in the cell of the time at which it was sent: one that hangs leaves
 * its cell empty until it is known how it went.
 *
 * @param from milliseconds since the Unix epoch.
 */
export function stripOf(
  samples: readonly Sample[],
  from: number,
  cellMs: number,
  count: number,
): Cell[] {
  const tallies = Array.from({ length: count }, () => ({ ok: 0, failed: 0 }));
  for (const { sentAt, ok } of samples) {
    const tally = tallies[Math.floor((sentAt - from) / cellMs)];
    if (tally === undefined) continue;
    if (ok) tally.ok += 1;
    else tally.failed += 1;
  }
  return tallies.map(({ ok, failed }) => {
    if (failed > 0) return ok > 0 ? 'some' : 'failed';
    return ok > 0 ? 'ok' : 'none';
  });
}
