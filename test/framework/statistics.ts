export interface Summary {
  count: number;
  median: number;
  least: number;
  most: number;
  /** By nearest rank: with fewer than 100 values it is the greatest of them. */
  p99: number;
}

/** The smallest value that at least `percent` of the values do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Undefined if there are no values. */
export function summarize(values: readonly number[]): Summary | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  const upper = sorted[Math.floor(sorted.length / 2)];
  const p99 = percentile(sorted, 99);
  if (least === undefined || most === undefined || lower === undefined) return undefined;
  if (upper === undefined || p99 === undefined) return undefined;
  return { count: sorted.length, median: (lower + upper) / 2, least, most, p99 };
}
