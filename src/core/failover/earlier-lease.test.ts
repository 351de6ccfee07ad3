import { expect, it } from 'vitest';
import type { Member } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { report } from '../testing/led.ts';
import { planFailover } from './failover.ts';

const resource = makeResource({ failover: { consistency: 'Strong', leaseDuration: '20s' } });
const detached = (ordinal: number, ledEpoch = 0): Member =>
  makeMember(resource, ordinal, {
    health: healthy({
      report: report({
        ...{ state: 'Detached', epoch: 3, ledEpoch },
        position: { term: 1, offset: 100 + ledEpoch },
      }),
    }),
  });

it('elects no other member before the lease has ended with which one led on before the first election', () => {
  const plan = (first: Member[], endsInMs: number) => {
    const members = [...first, detached(1, 3), detached(2), detached(3)];
    const earlierLease = { uid: 'uid-web-0', endsInMs };
    return planFailover(resource, makeObserved(members, { earlierLease }), t0);
  };
  expect(plan([], 7_000)).toMatchObject({ kind: 'Wait', untilMs: t0 + 7_000 });
  expect(plan([], 0)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  // It says itself that it leads no longer.
  expect(plan([detached(0)], 7_000)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  const silent = { ...detached(0), health: dead('Silent') };
  expect(plan([silent], 7_000).kind).not.toBe('Elect');
});
