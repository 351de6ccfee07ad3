import { describe, expect, it } from 'vitest';
import { jitterOf } from './jitter.ts';

describe('the jitter of a member', () => {
  it('is the same for the same UID', () => {
    expect(jitterOf('4f1d')).toBe(jitterOf('4f1d'));
  });

  it.each([
    [
      'random',
      (n: number) => `7c9e6679-7425-40de-944b-${(n * 7_919_317).toString(16).padStart(12, '0')}`,
    ],
    ['counted', (n: number) => `uid-${n}`],
  ])('is spread evenly over the interval: %s UIDs', (_name, uid) => {
    const tenths = Array<number>(10).fill(0);
    for (let n = 0; n < 1_000; n++) {
      const phase = jitterOf(uid(n));
      expect(phase).toBeGreaterThanOrEqual(0);
      expect(phase).toBeLessThan(1);
      tenths[Math.floor(phase * 10)]! += 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThan(60);
    expect(Math.max(...tenths)).toBeLessThan(140);
  });
});
