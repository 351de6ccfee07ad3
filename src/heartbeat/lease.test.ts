import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantWindowMs, leaseEndsInMs, surelyPassedMs } from './lease.ts';

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

  it('of this process ends at its known time; a pod that this process has created has no earlier lease', () => {
    const own = { now: 1_000, leaseMs: 2_000, startedAt: 0, isOwn: true };
    expect(leaseEndsInMs({ ...own, endsAt: 1_700 })).toBe(700);
    expect(leaseEndsInMs({ ...own, endsAt: 900 })).toBe(0);
    expect(leaseEndsInMs(own)).toBe(0);
  });

  it('of the last process may end a window and a lease after the start of this one', () => {
    const inherited = { leaseMs: 20_000, startedAt: 5_000, isOwn: false };
    const lastMs = 5_000 + 40_000 * 1.01 + 50;
    expect(leaseEndsInMs({ ...inherited, now: 5_000 })).toBe(lastMs - 5_000);
    expect(leaseEndsInMs({ ...inherited, now: lastMs })).toBe(0);
    expect(leaseEndsInMs({ ...inherited, now: 5_000, endsAt: 90_000 })).toBe(85_000);
  });

  it('is granted if the API server has answered within one lease, or within two health checks', () => {
    expect(grantWindowMs(60_000)).toBe(60_000);
    expect(grantWindowMs(1_000)).toBe(10_000);
  });
});
