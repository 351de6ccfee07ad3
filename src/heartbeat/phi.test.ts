import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { phi, phiDeviations, spreadOf } from './phi.ts';

describe('phi', () => {
  it('is 0.30 at the mean: the next heartbeat has come with a probability of one half', () => {
    expect(phi(0)).toBeCloseTo(-Math.log10(0.5), 10);
  });

  // Upper tail of the normal distribution, from tables: 1.2816 -> 0.1, 2.3263 -> 0.01, 3.0902 -> 0.001.
  it.each([
    [1.2816, 1],
    [2.3263, 2],
    [3.0902, 3],
  ])('at %f deviations is %d', (deviations, expected) => {
    expect(phi(deviations)).toBeCloseTo(expected, 1);
  });

  it('stays finite far out in both tails', () => {
    expect(phi(50)).toBeGreaterThan(1_000);
    expect(phi(50)).toBeLessThan(Infinity);
    expect(phi(-10)).toBeGreaterThan(0);
  });

  it('rises with silence, and phiDeviations is its inverse', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 16, noNaN: true }), (threshold) => {
        const at = phiDeviations(threshold);
        expect(phi(at)).toBeGreaterThanOrEqual(threshold);
        expect(phi(at - 0.001)).toBeLessThan(threshold);
      }),
    );
  });
});

describe('spreadOf', () => {
  it('uses the assumed mean if there are no samples', () => {
    expect(spreadOf([], 500)).toEqual({ mean: 500, deviation: 0 });
  });

  it('returns mean and standard deviation', () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9], 0)).toEqual({ mean: 5, deviation: 2 });
  });
});
