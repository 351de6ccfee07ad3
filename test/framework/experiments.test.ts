import { expect, it } from 'vitest';
import type { ChaosStatus } from '../../src/api/chaos-status.ts';
import type { HAService } from '../../src/api/haservice.ts';
import type { MemberStatus } from '../../src/api/status.ts';
import { Recoveries, experimentsAfter } from './experiments.ts';

const member = (pod: string, uid: string, health: MemberStatus['health']): MemberStatus => ({
  ...{ pod, uid, health },
  role: pod === 'web-0' ? 'primary' : 'standby',
});

/** Two members, of which the second has this UID and health. */
const service = (uid: string, health: MemberStatus['health']): HAService => ({
  metadata: { name: 'web', namespace: 'demo', uid: 'u', resourceVersion: '1' },
  spec: { replicas: 2 },
  status: {
    phase: health === 'Healthy' ? 'Healthy' : 'Degraded',
    primary: 'web-0',
    members: [member('web-0', 'a', 'Healthy'), member('web-1', uid, health)],
  },
});

it('a service has recovered when all members are healthy and the killed one is another', () => {
  const recoveries = new Recoveries();
  recoveries.killed('b', 1_000);
  // The status of before the kill.
  expect(recoveries.look(service('b', 'Healthy'), 1_010)).toEqual([]);
  expect(recoveries.look(service('c', 'Dead'), 2_000)).toEqual([]);
  recoveries.killed('c', 3_000);
  expect(recoveries.look(service('d', 'Unknown'), 4_000)).toEqual([]);
  expect(recoveries.open).toBe(2);
  expect(recoveries.look(undefined, 4_500)).toEqual([]);
  expect(recoveries.look(service('d', 'Healthy'), 5_000)).toEqual([4_000, 2_000]);
  expect(recoveries.look(service('d', 'Healthy'), 6_000)).toEqual([]);
  expect(recoveries.ms).toEqual([4_000, 2_000]);
});

it('finds the experiments after a number, oldest first', () => {
  const about = { seed: 1, hits: [], why: '', objective: '30s' };
  const record = (id: number) => ({
    ...about,
    ...({ id, cause: 'Request', action: 'PodKill', verdict: 'Passed' } as const),
    ...{ message: '', at: '', endedAt: '' },
  });
  const status: ChaosStatus = {
    experiment: {
      ...about,
      ...({ id: 4, cause: 'Schedule', action: 'PodKill', phase: 'Announced' } as const),
      startsAt: '',
    },
    history: [record(3), record(2), record(1)],
  };
  const found = experimentsAfter(1, status);
  expect(found.ended.map(({ id }) => id)).toEqual([2, 3]);
  expect(found.running?.id).toBe(4);
  expect(experimentsAfter(4, status)).toEqual({ ended: [], running: undefined });
});
