import { expect, it } from 'vitest';
import { acksOf, nextSets, wishedSet } from './sync-sets.ts';
import { makeMember, makeObserved, t0 } from './testing/fixtures.ts';
import { strong } from './testing/led.ts';

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

it('leaves out one on a lost node only where the leader names whom it counts', () => {
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

it('writes the new set down beside the old one, and drops that when the leader has the new', () => {
  const { resource, members } = strong({ replicas: 4 });
  const [old] = resource.status.syncSets ?? [];
  const seen = makeObserved([...members, makeMember(resource, 3)]);
  const wished = { members: ['web-1', 'web-2', 'web-3'], acks: 2 };
  expect(nextSets(resource, seen, old, 'web-0')).toEqual([old, wished]);
  const changing = {
    ...resource,
    status: { ...resource.status, syncSets: [old ?? wished, wished] },
  };
  expect(nextSets(changing, seen, old, 'web-0')).toEqual([old, wished]);
  expect(nextSets(changing, seen, wished, 'web-0')).toEqual([wished]);
});
