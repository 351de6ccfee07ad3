import { describe, expect, it } from 'vitest';
import { percentile, summarize } from './statistics.ts';

describe('percentile', () => {
  it('is the nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, i) => i + 1);
    expect(percentile(values, 99)).toBe(198);
    expect(percentile(values, 50)).toBe(100);
    expect(percentile(values, 0)).toBe(1);
    expect(percentile([], 50)).toBeUndefined();
  });
});

describe('summarize', () => {
  it('takes the middle, or the mean of the two middle values', () => {
    expect(summarize([9, 1, 5])).toEqual({ count: 3, median: 5, least: 1, most: 9, p99: 9 });
    expect(summarize([10, 2, 4, 8])?.median).toBe(6);
  });

  it('has nothing to say of nothing', () => {
    expect(summarize([])).toBeUndefined();
  });
});
