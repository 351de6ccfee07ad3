import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantWindowMs, surelyPassedMs } from './lease.ts';

describe('a lease', () => {
  const span = fc.double({ min: 1, max: 3_600_000, noNaN: true });

  it('has ended for an agent with a slower clock that needs a moment to notice', () => {
    const rate = fc.double({ min: 0.991, max: 1.009, noNaN: true });
    fc.assert(
      fc.property(span, rate, (leaseMs, agentRate) => {
        const passedForAgent = (surelyPassedMs(leaseMs) - 49) * agentRate;
        expect(passedForAgent).toBeGreaterThan(leaseMs);
      }),
    );
  });

  it('is granted if the API server has answered within one lease, or within two health checks', () => {
    expect(grantWindowMs(60_000)).toBe(60_000);
    expect(grantWindowMs(1_000)).toBe(10_000);
  });
});
