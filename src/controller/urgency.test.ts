import { describe, expect, it } from 'vitest';
import type { Status } from '../api/status.ts';
import type { MemberHealth } from '../heartbeat/health.ts';
import { Stores } from './state/stores.ts';
import { isUrgent } from './urgency.ts';

interface Case {
  status?: Status;
  topology?: string;
  verdict?: MemberHealth['verdict'];
  pod?: object;
}

const led: Status = { primary: 'db-0', primaryUID: 'u0' };
const conditions = [
  {
    type: 'Ready',
    status: 'True' as const,
    reason: 'PrimaryReady',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  },
];
const alive = { uid: 'u0' };
const members = [{ pod: 'db-1', uid: 'u1', role: 'active', health: 'Healthy' }] as const;

function urgent({ status, topology = 'LeaderFollower', verdict = 'Healthy', pod = alive }: Case) {
  const stores = new Stores();
  const metadata = { namespace: 'shop', name: 'db', uid: 'uid', resourceVersion: '1' };
  stores.resources.put({ metadata, spec: { topology }, ...(status ? { status } : {}) });
  stores.pods.put({ metadata: { namespace: 'shop', name: 'db-0', resourceVersion: '1', ...pod } });
  const health = { verdict } as MemberHealth;
  return isUrgent('shop/db', { stores, monitor: { health: () => health } });
}

describe('a resource is urgent', () => {
  it.each<[string, Case]>([
    ['if its primary is dead', { status: { ...led, conditions }, verdict: 'Dead' }],
    ['if its primary answers wrongly', { status: { ...led, conditions }, verdict: 'Unhealthy' }],
    [
      'if the pod of its primary is another one',
      { status: { ...led, conditions }, pod: { uid: 'u9' } },
    ],
    [
      'if the pod of its primary is being deleted',
      {
        status: { ...led, conditions },
        pod: { ...alive, deletionTimestamp: '2026-01-01T00:00:00Z' },
      },
    ],
    ['from the election until the Service points at the primary', { status: led }],
    [
      'while the old primary is fenced',
      { status: { fencing: { epoch: 2, trigger: 'Crash', startedAt: '2026-01-01T00:00:00Z' } } },
    ],
    [
      'if an active member has failed',
      { topology: 'ActiveActive', status: { members: [...members] }, verdict: 'Dead' },
    ],
  ])('%s', (_, given) => {
    expect(urgent(given)).toBe(true);
  });

  it.each<[string, Case]>([
    ['it was only created', {}],
    ['no member was elected yet', { status: { phase: 'Pending' } }],
    ['its primary is well', { status: { ...led, conditions } }],
    ['its primary was only late', { status: { ...led, conditions }, verdict: 'Suspect' }],
    [
      'all active members are well',
      { topology: 'ActiveActive', status: { members: [...members] } },
    ],
  ])('but not if %s', (_, given) => {
    expect(urgent(given)).toBe(false);
  });

  it('but not if it is gone', () => {
    const monitor = { health: () => undefined };
    expect(isUrgent('shop/gone', { stores: new Stores(), monitor })).toBe(false);
  });
});
