import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { statusWaitMs } from './status-pace.ts';

const told = (message: string, changed: Partial<Status> = {}): Status => ({
  epoch: 1,
  primary: 'web-0',
  conditions: [
    {
      type: 'Degraded',
      status: 'True',
      reason: 'MemberUnhealthy',
      message,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    },
  ],
  ...changed,
});

/** Offers a status with another message every 20 ms; the times at which one is written. */
function flap(ms: number): number[] {
  const state = { statusPace: undefined };
  const written: number[] = [];
  let stored = told('0');
  for (let now = 0; now < ms; now += 20) {
    const next = told(String(now + 1));
    if (statusWaitMs(state, stored, next, now) > 0) continue;
    stored = next;
    written.push(now);
  }
  return written;
}

describe('the pace of status writes', () => {
  it('is ten at once, and then one in a second, however often a message changes', () => {
    const written = flap(10_000);
    expect(written.slice(0, 10)).toEqual([0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
    expect(written).toHaveLength(19);
  });

  it('tells how long the write has to wait, and that is enough', () => {
    const state = { statusPace: { left: 0.25, at: 1_000 } };
    const waitMs = statusWaitMs(state, told('a'), told('b'), 1_100);
    expect(waitMs).toBe(650);
    expect(statusWaitMs(state, told('a'), told('b'), 1_100 + waitMs)).toBe(0);
  });

  it('never holds up what is committed', () => {
    const state = { statusPace: { left: 0, at: 0 } };
    for (const commit of [
      { epoch: 2 },
      { primary: 'web-1' },
      { initialized: true },
      { failovers: [] },
    ]) {
      expect(statusWaitMs(state, told('a'), told('b', commit), 0)).toBe(0);
    }
    expect(statusWaitMs(state, told('a'), told('b', { phase: 'Degraded' }), 0)).toBe(1_000);
  });
});
