import { expect, it } from 'vitest';
import type { SyncSet } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { acksOf, inheritedSets, nextSets, wishedSet } from './sync-sets.ts';
import { makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const gone = { deletionAtMs: t0 - 60_000, health: undefined };

it('asks for a majority of the members, the leader among them', () => {
  expect([1, 2, 3, 4, 5].map(acksOf)).toEqual([0, 1, 1, 2, 2]);
});

it('counts members that are to come', () => {
  const { resource, members } = strong();
  expect(wishedSet(resource, makeObserved(members.slice(0, 1)), 'web-0')).toEqual({
    members: ['web-1', 'web-2'],
    acks: 1,
  });
});

it('leaves out a member on a lost node only if the leader counts by name', () => {
  const { resource, members } = strong();
  const { health: _unheard, ...lost } = makeMember(resource, 1, gone as object);
  const seen = makeObserved([
    ...members.filter(({ name }) => name !== 'web-1'),
    lost,
    makeMember(resource, 3),
  ]);
  expect(wishedSet(resource, seen, 'web-0').members).toEqual(['web-2', 'web-3']);
  const redis = strong({ engine: { type: 'Redis' } }).resource;
  expect(wishedSet(redis, seen, 'web-0').members).toEqual(['web-1', 'web-2', 'web-3']);
});

const three = ['web-1', 'web-2', 'web-3'];

/** Four members are wished now; the leader has this set in force, and the others are so far. */
function growing(sync: SyncSet, offsets: number[]) {
  const { resource } = strong({ replicas: 4 });
  const leader = led(resource, 0, leading({ sync }));
  const others = offsets.map((offset, i) =>
    led(resource, i + 1, { position: { term: 1, offset } }),
  );
  return { resource, leader, seen: makeObserved([leader, ...others]) };
}

it('writes the new set down beside the old one, and drops that when the new is in force and holds everything', () => {
  const old = { members: ['web-1', 'web-2'], acks: 1 };
  const wished = { members: three, acks: 2 };
  const before = growing(old, [100, 100, 100]);
  expect(nextSets(before.resource, before.seen, before.leader)).toEqual([
    old,
    { ...wished, revision: 1 },
  ]);
  const status = { ...before.resource.status, syncSets: [old, wished] };
  const changing = { ...before.resource, status };
  expect(nextSets(changing, before.seen, before.leader)).toEqual([old, wished]);
  const behind = growing(wished, [100, 99, 0]);
  expect(nextSets(changing, behind.seen, behind.leader)).toEqual([old, wished]);
  const after = growing(wished, [100, 100, 0]);
  expect(nextSets(changing, after.seen, after.leader)).toEqual([wished]);
});

it('continues with the next change if the last one is in force but its members cannot catch up', () => {
  const old = { members: ['web-1', 'web-2'], acks: 1 };
  const last = { members: [...three, 'web-4'], acks: 2 };
  const { resource, seen, leader } = growing(last, [100, 0, 0]);
  const changing = { ...resource, status: { ...resource.status, syncSets: [old, last] } };
  const wished = { members: three, acks: 2 };
  expect(nextSets(changing, seen, leader)).toEqual([old, last, { ...wished, revision: 1 }]);
  // Back to one that still counts: it is told again, and written down once.
  const twice = { ...resource, status: { ...resource.status, syncSets: [wished, old, last] } };
  expect(nextSets(twice, seen, leader)).toEqual([old, last, { ...wished, revision: 1 }]);
});

it('a set that was ordered again is in force only when the leader reports its revision', () => {
  const last = { members: three, acks: 2, revision: 3 };
  const sets = [{ members: [...three, 'web-4'], acks: 2, revision: 2 }, last];
  const after = (sync: SyncSet) => {
    const { resource, seen, leader } = growing(sync, [100, 100, 100]);
    return nextSets({ ...resource, status: { ...resource.status, syncSets: sets } }, seen, leader);
  };
  // As it was told before, so that an order for the other may still come.
  expect(after({ ...last, revision: 1 })).toEqual(sets);
  expect(after(last)).toEqual([last]);
  // An agent of before revisions.
  expect(after({ members: three, acks: 2 })).toEqual([last]);
});

it('passes the members that held the last leader’s writes on to a new leader', () => {
  const inherited = (syncSets: SyncSet[], to: string) => {
    const { resource, members } = strong({}, { syncSets });
    return inheritedSets(resource, makeObserved(members), to);
  };
  // The same members: what the new leader should have.
  expect(inherited([{ members: ['web-1', 'web-2'], acks: 1 }], 'web-1')).toEqual([
    { members: ['web-0', 'web-2'], acks: 1 },
  ]);
  // Two have left since: what they held, too few of those who stayed may hold.
  const five = [...three, 'web-4'];
  expect(inherited([{ members: five, acks: 2 }], 'web-1')).toEqual([
    { members: ['web-0', 'web-2', 'web-3', 'web-4'], acks: 2 },
  ]);
  expect(inherited([{ members: five, acks: 2 }], 'web-0')).toEqual([{ members: five, acks: 2 }]);
  // One that was not asked holds them, too, now.
  expect(inherited([{ members: ['web-2'], acks: 1 }], 'web-1')).toEqual([
    { members: ['web-0', 'web-2'], acks: 2 },
  ]);
});

it('does not count on a set of a running service before its leader has it in force and enough members hold what the leader then held', () => {
  const nobody = { members: [], acks: 0 };
  const wished = { members: ['web-1', 'web-2'], acks: 1 };
  const changed = strong({}, { syncSets: [] });
  const told = (sync: SyncSet, offset: number) => [
    led(changed.resource, 0, leading({ sync })),
    led(changed.resource, 1, { position: { term: 1, offset } }),
    led(changed.resource, 2, { position: { term: 1, offset: 0 } }),
  ];
  const next = (members: ReturnType<typeof told>, syncSets: SyncSet[]) =>
    nextSets(
      { ...changed.resource, status: { ...changed.resource.status, syncSets } },
      makeObserved(members),
      members[0]!,
    );
  const first = [
    { ...nobody, revision: 1 },
    { ...wished, revision: 2 },
  ];
  expect(next(told(nobody, 100), [])).toEqual(first);
  expect(next(told(nobody, 100), [nobody, wished])).toEqual([nobody, wished]);
  expect(next(told(wished, 90), [nobody, wished])).toEqual([nobody, wished]);
  expect(next(told(wished, 100), [nobody, wished])).toEqual([wished]);
  // Also one that is elected before that.
  const back = makeObserved([led(changed.resource, 0, { state: 'Detached' })]);
  expect(inheritedSets(changed.resource, back, 'web-0')).toEqual(first);
  const fresh = makeObserved([led(changed.resource, 0, { state: 'Empty' })]);
  expect(inheritedSets(changed.resource, fresh, 'web-0')).toEqual([{ ...wished, revision: 1 }]);
});

it('a leader that was told of no set begins a new epoch before any is written down, also after a pause', () => {
  const begun = strong({}, { syncSets: [] });
  const nobody = { members: [], acks: 0 };
  const members = [
    led(begun.resource, 0, leading({ sync: nobody })),
    led(begun.resource, 1, {}),
    led(begun.resource, 2, {}),
  ];
  const { commit } = decide(begun.resource, makeObserved(members), t0);
  expect(commit?.status).toMatchObject({
    epoch: 2,
    primaryUID: 'uid-web-0',
    syncSets: [nobody, { members: ['web-1', 'web-2'], acks: 1 }],
  });
  const paused = { ...begun.resource, spec: { ...begun.resource.spec, paused: true } };
  const waiting = decide(paused, makeObserved(members), t0);
  expect(waiting.commit).toBeUndefined();
  expect(waiting.status.syncSets ?? []).toEqual([]);
});

it('a leader with a later set than the status begins a new epoch, and at first only its own data count', () => {
  const set = { members: ['web-1', 'web-2'], acks: 1 };
  const nobody = { members: [], acks: 0, revision: 1 };
  const { resource } = strong({}, { syncSets: [set] });
  const told = (revision: number) => [
    led(resource, 0, leading({ sync: { ...set, revision } })),
    led(resource, 1, {}),
    led(resource, 2, {}),
  ];
  expect(decide(resource, makeObserved(told(3)), t0).commit?.status).toMatchObject({
    ...{ epoch: 2, primaryUID: 'uid-web-0' },
    syncSets: [nobody, { ...set, revision: 2 }],
  });
  const known = { ...resource.status, syncSets: [{ ...set, revision: 3 }] };
  const { commit } = decide({ ...resource, status: known }, makeObserved(told(3)), t0);
  expect(commit).toBeUndefined();
});
