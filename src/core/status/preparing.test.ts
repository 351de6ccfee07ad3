import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { Member } from '../model/observed.ts';
import {
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  running,
  t0,
} from '../testing/fixtures.ts';
import { conditionOf } from './events.ts';

const unheard = healthy({ verdict: 'Unknown', message: 'no answer', sinceWallMs: t0 - 60_000 });
const preparing = (ageMs: number) => ({
  ...{ phase: 'Pending', health: unheard },
  preparing: { container: 'web', image: 'web:1', sinceMs: t0 - ageMs, isSetUp: true as const },
});
const what =
  'the kubelet pulls the image web:1 of container web, or its registry does not answer, since 2025-12-31T23:59:50.000Z: `kubectl describe pod web-1 -n shop` says what it waits for';

const decided = (more: Partial<Member>, nowMs = t0) => {
  const { resource: made, members } = running();
  const resource = { ...made, status: { ...made.status, observedGeneration: 1 } };
  const seen = members.map((m) => (m.ordinal === 1 ? { ...m, ...more } : m));
  return decide(resource, makeObserved(seen, { writeEndpoints: ['uid-web-0'] }), nowMs);
};
const degradedOf = (more: Partial<Member>) =>
  conditionOf(decided(more).status, 'Degraded')?.message;

it('says after ten seconds that an image is being pulled, and since when, without a running number', () => {
  expect(degradedOf(preparing(9_999))).toBe('2 of 3 members are healthy');
  expect(degradedOf(preparing(10_000))).toBe(
    `2 of 3 members are healthy. web-1 is starting: ${what}`,
  );
  const { status } = decided(preparing(10_000));
  expect(status.members?.[1]?.message).toBe(what);
  const { status: later } = decided(preparing(10_000), t0 + 5_000);
  expect(conditionOf(later, 'Degraded')?.message).toBe(conditionOf(status, 'Degraded')?.message);
  expect(decided(preparing(9_000)).requeueAtMs).toBe(t0 + 1_000);
});

it('does not make it a fault of a service that starts', () => {
  const resource = makeResource();
  const members = [0, 1, 2].map((n) => makeMember(resource, n, preparing(10_000)));
  const { status, events } = decide(resource, makeObserved(members), t0);
  expect(status.phase).toBe('Pending');
  expect(conditionOf(status, 'Degraded')).toMatchObject({ status: 'False', reason: 'Starting' });
  expect(conditionOf(status, 'Degraded')?.message).toMatch(
    /pulls the image web:1 .*the same for web-1 and web-2$/,
  );
  expect(events).toEqual([]);
});

it('says less if it is not known that only the image is missing, and nothing of a healthy member', () => {
  const { isSetUp: _known, ...less } = preparing(10_000).preparing;
  const unsure = { phase: 'Pending', health: unheard, preparing: less };
  expect(degradedOf(unsure)).toContain('prepares volumes, the network or the image web:1, since');
  expect(degradedOf({ ...preparing(10_000), health: healthy() })).toBe(
    '3 of 3 members are healthy',
  );
});
