import * as z from 'zod';

const unitMs: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * Go's duration syntax (as metav1.Duration), without the units below a millisecond that no heartbeat needs, and with at
 * most six digits a unit, so that no duration is beyond what Go can hold.
 */
const durationPattern = '^([0-9]{1,6}(\\.[0-9]{1,6})?(ms|s|m|h)){1,4}$';

/** Milliseconds of a duration such as `500ms`, `2s` or `1m30s`. The schema has checked the syntax. */
export function durationMs(text: string): number {
  let total = 0;
  for (const match of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g)) {
    total += Number(match[1]) * (unitMs[match[2] ?? ''] ?? Number.NaN);
  }
  return total;
}

export function duration(description: string) {
  return z
    .string()
    .regex(new RegExp(durationPattern))
    .max(32)
    .meta({
      description: `${description} A duration such as 500ms, 2s or 1m30s.`,
    });
}
