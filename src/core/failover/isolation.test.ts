import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member, Resource } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, report, strong } from '../testing/led.ts';

const lost = (resource: Resource, ordinal: number, since = t0): Member =>
  makeMember(resource, ordinal, {
    health: healthy({ report: report({ linked: false }), unlinkedSinceWallMs: since }),
  });

const plan = (members: Member[], nowMs: number, { resource } = strong()) =>
  planFailover(resource, makeObserved(members), nowMs);

it('a primary that leads is fenced if its followers have had no link to it for ten seconds', () => {
  const { resource, members } = strong();
  const seen = [members[0]!, lost(resource, 1), lost(resource, 2, t0 + 500)];
  expect(plan(seen, t0 + 10_499)).toMatchObject({ kind: 'Wait', untilMs: t0 + 10_500 });
  expect(plan(seen, t0 + 10_500)).toMatchObject({
    kind: 'Fence',
    fencing: { epoch: 2, from: 'web-0', trigger: 'Isolated' },
  });
});

it.each([
  ['one follows', (r: Resource) => [lost(r, 1), led(r, 2, {})]],
  ['one alone could lead, but no other acknowledge', (r: Resource) => [lost(r, 1)]],
  ['one is being made a copy', (r: Resource) => [lost(r, 1), led(r, 2, { state: 'Cloning' })]],
  [
    'they were not told of this leader yet, and have lost an earlier one',
    (r: Resource) => {
      const told = { report: report({ linked: false, epoch: 0 }), unlinkedSinceWallMs: t0 };
      return [1, 2].map((ordinal) => makeMember(r, ordinal, { health: healthy(told) }));
    },
  ],
])('not if %s', (_what, followers) => {
  const { resource, members } = strong();
  expect(plan([members[0]!, ...followers(resource)], t0 + 60_000).kind).toBe('None');
});

it('not in Eventual, and not if failover.automatic is false', () => {
  for (const failover of [
    { consistency: 'Eventual' },
    { consistency: 'Strong', automatic: false },
  ]) {
    const { resource, members } = strong({ failover });
    const seen = [members[0]!, lost(resource, 1), lost(resource, 2)];
    expect(plan(seen, t0 + 60_000, { resource, members }).kind).toBe('None');
  }
});

it('is relieved by another, though it holds more than it could get acknowledged', () => {
  const fencing = { epoch: 2, from: 'web-0', trigger: 'Isolated', startedAt: '' } as const;
  const { resource } = strong({}, { epoch: 2, fencing });
  const fenced = (ordinal: number, offset: number) =>
    led(resource, ordinal, {
      ...(ordinal === 0 ? leading() : {}),
      ...{ state: 'Detached', epoch: 2, position: { term: 1, offset } },
    });
  const asking = {
    ...({ action: 'fence', uid: 'uid-web-1', generation: 0, epoch: 2, state: 'Running' } as const),
    ...{ failures: 0, message: '', calledAtMs: t0, retryAtMs: 0 },
  } as const;
  const first = makeObserved([fenced(0, 300), led(resource, 1, {}), led(resource, 2, {})], {
    roleCommands: [asking],
  });
  expect(planFailover(resource, first, t0).kind).toBe('Wait');
  const all = makeObserved([fenced(0, 300), fenced(1, 100), fenced(2, 200)]);
  expect(decide(resource, all, t0).commit?.status).toMatchObject({ primary: 'web-2' });
  // Nobody else can.
  const alone = makeObserved([fenced(0, 300)]);
  expect(decide(resource, alone, t0).commit?.status).toMatchObject({ primary: 'web-0' });
});
