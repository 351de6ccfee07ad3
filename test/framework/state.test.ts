import { describe, expect, it } from 'vitest';
import type { HAService } from '../../src/api/haservice.ts';
import type { FailoverRecord, Status } from '../../src/api/status.ts';
import { isSettled, phasesOf } from './state.ts';

const record: FailoverRecord = {
  epoch: 2,
  from: 'web-0',
  to: 'web-1',
  trigger: 'Crash',
  startedAt: '2026-01-01T00:00:00Z',
  detectMs: 0,
  electMs: 8,
  repointMs: 5,
  outcome: 'Completed',
};

const healthy: Status = {
  primary: 'web-1',
  members: [0, 1, 2].map((i) => ({
    pod: `web-${i}`,
    uid: `${i}`,
    role: i === 1 ? ('primary' as const) : ('standby' as const),
    health: 'Healthy' as const,
  })),
  failovers: [record],
};

const service = (status: Status): HAService => ({
  metadata: { name: 'web', namespace: 'demo', uid: 'u', resourceVersion: '1' },
  spec: { replicas: 3 },
  status,
});

describe('isSettled', () => {
  it('needs every member healthy, a primary and no failover under way', () => {
    expect(isSettled(service(healthy))).toBe(true);
    expect(isSettled(service({ ...healthy, members: healthy.members!.slice(1) }))).toBe(false);
    expect(isSettled(service({ ...healthy, primary: 'web-0' }))).toBe(false);
    const [first, ...rest] = healthy.members!;
    const dead = { ...first!, health: 'Dead' as const };
    expect(isSettled(service({ ...healthy, members: [dead, ...rest] }))).toBe(false);
    const running = { ...record, outcome: 'Promoting' as const };
    expect(isSettled(service({ ...healthy, failovers: [running] }))).toBe(false);
  });
});

describe('phasesOf', () => {
  it('lists what was measured, also zero', () => {
    expect(phasesOf(record)).toEqual([
      ['detect', 0],
      ['elect', 8],
      ['repoint', 5],
    ]);
  });
});
