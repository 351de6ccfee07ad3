import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member, Resource } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';

const spec = { topology: 'LeaderFollower', engine: { type: 'Postgres' } };
const nameless = { primary: undefined, primaryUID: undefined, epoch: undefined } as object;
const empty = { state: 'Empty', epoch: 0, position: undefined } as Partial<MemberReport>;

function plan(reports: (Partial<MemberReport> | undefined)[], status: object = nameless) {
  const { resource } = strong(spec, status);
  const members = reports.map((report, i): Member =>
    report === undefined ? unheard(resource, i) : led(resource, i, report),
  );
  return planFailover(resource, makeObserved(members), t0);
}

const unheard = (resource: Resource, ordinal: number) =>
  makeMember(resource, ordinal, { health: healthy({ verdict: 'Unknown', sinceWallMs: t0 }) });

it('begins with the lowest ordinal if no member has data', () => {
  expect(plan([empty, empty, empty])).toMatchObject({
    kind: 'Elect',
    epoch: 1,
    winner: { name: 'web-0' },
  });
});

it('waits for all members if one has data, as another may have more', () => {
  const old: Partial<MemberReport> = { state: 'Detached', epoch: 4 };
  expect(plan([empty, old, undefined])).toMatchObject({
    kind: 'Blocked',
    reason: 'MembersMissing',
    message: expect.stringContaining('web-2 has not been heard') as string,
  });
  expect(plan([empty, old, { ...old, position: { term: 2, offset: 1 } }])).toMatchObject({
    kind: 'Elect',
    epoch: 5,
    winner: { name: 'web-2' },
  });
});

it('elects the last leader if positions cannot be compared', () => {
  const old = { state: 'Detached', epoch: 4, position: undefined } as Partial<MemberReport>;
  expect(plan([old, { ...old, ledEpoch: 4 }, { ...old, ledEpoch: 2 }])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
});

it('of data whose positions are not all known, only those of the last leader are surely the newest', () => {
  const unknown: Partial<MemberReport> = {
    state: 'Detached',
    epoch: 4,
    position: undefined,
  } as object;
  const known = { ...unknown, position: { term: 2, offset: 50 } };
  const last = { ...unknown, ledEpoch: 4 };
  expect(plan([known, last, unknown])).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  const blocked = { kind: 'Blocked', reason: 'NoCandidate' };
  // It may have followed another leader since, whose data are gone.
  const earlier = { ...unknown, ledEpoch: 3 };
  expect(plan([known, earlier, empty])).toMatchObject(blocked);
  expect(plan([known, unknown, unknown])).toMatchObject(blocked);
  // All data are here: nobody has led in epoch 4.
  expect(plan([known, earlier, unknown])).toMatchObject({ winner: { name: 'web-1' } });
});

it('known positions come before a member that led in an earlier epoch', () => {
  const at = (offset: number, ledEpoch = 0, epoch = 4): Partial<MemberReport> => ({
    ...{ state: 'Detached', epoch, ledEpoch },
    position: { term: epoch, offset },
  });
  expect(plan([at(900), at(950), at(100, 3, 3)])).toMatchObject({ winner: { name: 'web-1' } });
});

it('does not rely on a status that is older than what members have acknowledged', () => {
  const later: Partial<MemberReport> = { epoch: 7, leader: 'web-1' };
  expect(
    plan(
      [{ ...later, state: 'Detached' }, { ...later, state: 'Leading', leader: undefined }, later],
      {},
    ),
  ).toMatchObject({ kind: 'Elect', epoch: 8, winner: { name: 'web-1' } });
});

it('a leading member stays the leader, except if others have acknowledged a later epoch: it may have been replaced', () => {
  const leads: Partial<MemberReport> = {
    ...{ state: 'Leading', epoch: 6, ledEpoch: 6 },
    position: { term: 7, offset: 100 },
  };
  const follows = { state: 'Following', epoch: 6, position: { term: 7, offset: 90 } } as const;
  expect(plan([leads, follows, follows])).toMatchObject({ winner: { name: 'web-0' } });
  const relieved = { ...leads, position: { term: 7, offset: 80 } };
  const led = {
    state: 'Detached',
    epoch: 7,
    ledEpoch: 7,
    position: { term: 8, offset: 50 },
  } as const;
  const later = { ...follows, epoch: 7, position: { term: 8, offset: 48 } };
  expect(plan([relieved, led, later])).toMatchObject({ winner: { name: 'web-1' } });
});

it('waits for all the members that there are, also for more than the spec asks for', () => {
  const old = { state: 'Detached', epoch: 4 } as const;
  expect(plan([undefined, old, old, old])).toMatchObject({
    kind: 'Blocked',
    message: expect.stringMatching(
      /all 4 members must be heard.*web-0 has not been heard/,
    ) as string,
  });
});

it('does not rely on sync sets of a status that is older than what the members have acknowledged', () => {
  const nobody = { members: [], acks: 0, revision: 1 };
  const { resource } = strong(spec, { epoch: 3 });
  const later = (i: number, more: Partial<MemberReport>) => led(resource, i, { epoch: 7, ...more });
  const members = [later(0, { state: 'Leading', ledEpoch: 7 }), later(1, {}), later(2, {})];
  expect(decide(resource, makeObserved(members), t0).commit?.status).toMatchObject({
    epoch: 8,
    syncSets: [nobody, { members: ['web-1', 'web-2'], acks: 1 }],
  });
});

it('Eventual goes on without a pod too many that hangs', () => {
  const leads = { state: 'Leading', epoch: 4, ledEpoch: 4 } as const;
  const follows = { state: 'Following', epoch: 4 } as const;
  const { resource } = strong({ ...spec, failover: { consistency: 'Eventual' } }, nameless);
  const hangs = { ...unheard(resource, 2), deletionAtMs: t0 - 600_000 };
  const members = [led(resource, 0, leads), led(resource, 1, follows), hangs];
  const seen = makeObserved([...members, led(resource, 3, empty)]);
  expect(planFailover(resource, seen, t0)).toMatchObject({ winner: { name: 'web-0' } });
});

it('leaves a member at work that makes the first data set slowly, as a second data set would be foreign to the first for ever', () => {
  const { resource } = strong(spec, { initialized: undefined });
  const members = [0, 1, 2].map((i) => led(resource, i, empty));
  const after = (more: object, status: object = {}) => {
    const of = { action: 'promote', uid: 'uid-web-0', generation: 0, epoch: 1 } as const;
    const times = { message: 'too slow', calledAtMs: t0, retryAtMs: t0 };
    const command = { ...of, ...times, state: 'Failed', failures: 3, ...more } as const;
    const known = { ...resource, status: { ...resource.status, ...status } };
    return planFailover(known, makeObserved(members, { roleCommands: [command] }), t0).kind;
  };
  expect(after({ isLate: true })).toBe('None');
  expect(after({})).toBe('Elect');
});
