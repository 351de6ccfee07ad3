import { expect, it } from 'vitest';
import { missingVoterOrdinals } from './missing-voters.ts';
import { makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';

const volume = { metadata: { name: 'data' }, spec: {} };
const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'PodGone' as const,
  startedAt: new Date(t0).toISOString(),
};

/** web-0 is gone, and web-3 has taken its place. */
function replaced(spec: object, status: object, nowMs: number) {
  const { resource, members } = strong(spec, status);
  const seen = makeObserved([...members.slice(1), makeMember(resource, 3)]);
  const looks: number[] = [];
  const awaited = missingVoterOrdinals(resource, seen, nowMs, (atMs) => looks.push(atMs));
  return { awaited, looks };
}

const volumes = { volumeClaimTemplates: [volume] };

it('makes a member again that a failover has waited for, as its data are on its volume', () => {
  const status = { epoch: 2, fencing };
  expect(replaced(volumes, status, t0 + 5_000).awaited).toEqual([0]);
  expect(replaced(volumes, status, t0 + 1_000)).toEqual({ awaited: [], looks: [t0 + 5_000] });
});

it('Eventual: creates the primary again if no other member has data', () => {
  const eventual = strong({ ...volumes, failover: { consistency: 'Eventual' } });
  const awaited = (state: 'Empty' | 'Following') => {
    const members = [1, 2, 3].map((ordinal) => led(eventual.resource, ordinal, { state }));
    return missingVoterOrdinals(eventual.resource, makeObserved(members), t0, () => {});
  };
  expect(awaited('Empty')).toEqual([0]);
  expect(awaited('Following')).toEqual([]);
});

it('creates none if no failover waits, or if its data were deleted with it', () => {
  expect(replaced(volumes, {}, t0 + 5_000).awaited).toEqual([]);
  expect(replaced({}, { epoch: 2, fencing }, t0 + 5_000).awaited).toEqual([]);
});
