import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { planFailover } from '../failover/failover.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import type { ClaimView } from '../model/found-objects.ts';
import { makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';
import { planReplicas } from './replicas.ts';

const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: {} }];
const nameless = { primary: undefined, primaryUID: undefined, initialized: undefined } as object;

/** A database that was just applied; `createdAtMs` of the resource is an hour before t0. */
const applied = (spec: object = {}): Resource =>
  strong({ volumeClaimTemplates, ...spec }, { ...nameless, syncSets: [] }).resource;

/** A claim from before the resource. */
const claim = (ordinal: number, more: Partial<ClaimView> = {}): ClaimView => ({
  name: `data-web-${ordinal}`,
  ordinal,
  uid: `uid-claim-${ordinal}`,
  isBound: true,
  given: {},
  createdAtMs: t0 - 7_200_000,
  hasVolume: true,
  ...more,
});
const fresh = { createdAtMs: t0 - 3_600_000, madeFor: 'uid-web' };

const empty: Partial<MemberReport> = { state: 'Empty', epoch: 0, position: undefined } as object;
const withData: Partial<MemberReport> = { state: 'Detached', epoch: 4, ledEpoch: 0 };

const members = (resource: Resource, reports: Record<number, Partial<MemberReport>>): Member[] =>
  Object.entries(reports).map(([ordinal, report]) => led(resource, Number(ordinal), report));

const created = (resource: Resource, observed: Observed) =>
  planReplicas(resource, observed, t0).create;

describe('a resource with volume claims from before it', () => {
  it('creates the members of all those claims, and the lowest others', () => {
    const claims = [claim(1), claim(4), claim(5), claim(7)];
    expect(created(applied(), makeObserved([], { claims }))).toEqual([1, 4, 5, 7]);
    expect(created(applied(), makeObserved([], { claims: [claim(4)] }))).toEqual([4, 0, 1]);
  });

  it('does not begin an empty data set before the members of those claims are heard', () => {
    const resource = applied();
    const heard = members(resource, { 0: empty, 1: empty, 2: empty });
    const blocked = { kind: 'Blocked', reason: 'MembersMissing' };
    const plan = planFailover(resource, makeObserved(heard, { claims: [claim(3)] }), t0);
    expect(plan).toMatchObject(blocked);
    expect(plan).toMatchObject({
      message: expect.stringMatching(/^volume claims data-web-3 .*web-3 has no pod yet/) as string,
    });
    const starting = makeMember(resource, 3);
    const slow = makeObserved([...heard, starting], { claims: [claim(3)] });
    expect(planFailover(resource, slow, t0)).toMatchObject(blocked);
    const told = makeObserved(members(resource, { 0: empty, 1: empty, 2: empty, 3: empty }), {
      claims: [claim(3)],
    });
    expect(planFailover(resource, told, t0)).toMatchObject({ kind: 'Elect' });
  });

  it.each([
    ['an earlier resource has made in the same second', { ...fresh, madeFor: 'uid-earlier' }],
    ['a backup has restored later', { createdAtMs: t0, madeFor: 'uid-earlier' }],
    [
      'an earlier operator, or somebody else, has made in the same second',
      { createdAtMs: t0 - 3_600_000 },
    ],
  ])('waits for a claim that %s', (_what, made) => {
    const resource = applied();
    const heard = members(resource, { 0: empty, 1: empty, 2: empty });
    const claims = [claim(3, made)];
    expect(planFailover(resource, makeObserved(heard, { claims }), t0)).toMatchObject({
      kind: 'Blocked',
    });
    expect(created(resource, makeObserved([], { claims }))).toContain(3);
  });

  it.each([
    [
      'Strong',
      'Wait',
      'set failover.consistency: Eventual and failover.onNoCandidate: PromoteAnyway, and run',
    ],
    [
      'Eventual',
      'PromoteAnyway',
      'and lose what it lacks: run `kubectl delete pod -n shop web-1 web-2`',
    ],
  ])(
    'says what to do if its members have half a copy each of one that is gone: %s, %s',
    (consistency, onNoCandidate, what) => {
      const resource = applied({ failover: { consistency, onNoCandidate } });
      const half = { epoch: 4, position: undefined, durable: false } as object;
      const cloning = { ...half, state: 'Cloning', leader: 'web-0' } as object;
      const plan = planFailover(
        resource,
        makeObserved(members(resource, { 0: empty, 1: cloning, 2: cloning })),
        t0,
      );
      expect(plan).toMatchObject({ kind: 'Blocked', reason: 'NoCandidate' });
      const { message } = plan as { message: string };
      expect(message).toContain('bring back the member of which they were being made a copy');
      expect(message).toContain(what);
      // What the message says helps.
      const accepts = { failover: { consistency: 'Eventual', onNoCandidate: 'PromoteAnyway' } };
      const restarted = { ...half, state: 'Detached' } as object;
      const reports = { 0: empty, 1: restarted, 2: restarted };
      const next = applied(accepts);
      expect(planFailover(next, makeObserved(members(next, reports)), t0)).toMatchObject({
        kind: 'Elect',
        winner: { name: 'web-1' },
      });
    },
  );

  it('begins an empty data set if the other claims are its own, have no volume or are being deleted', () => {
    const resource = applied();
    const heard = members(resource, { 0: empty, 1: empty });
    const claims = [claim(2, fresh), claim(3, { hasVolume: false })];
    const plan = planFailover(resource, makeObserved(heard, { claims }), t0);
    expect(plan).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
  });

  it('goes on with data only when every such member is heard, if no acknowledged write may be lost', () => {
    const observed = (resource: Resource) =>
      makeObserved(members(resource, { 0: withData, 1: empty, 2: empty }), { claims: [claim(5)] });
    const strict = applied();
    expect(planFailover(strict, observed(strict), t0)).toMatchObject({
      kind: 'Blocked',
      message: expect.stringContaining('web-5 has no pod yet') as string,
    });
    const loose = applied({ failover: { consistency: 'Eventual' } });
    expect(planFailover(loose, observed(loose), t0)).toMatchObject({ kind: 'Elect' });
  });

  it('stops and replaces no member on purpose before one is elected', () => {
    const resource = applied({ replicas: 1 });
    const surplus = members(resource, { 0: withData, 1: withData });
    expect(planReplicas(resource, makeObserved(surplus), t0).remove).toEqual([]);
    const outdated = surplus.slice(0, 1).map((member) => ({ ...member, templateHash: 'other' }));
    expect(planReplicas(resource, makeObserved(outdated), t0).remove).toEqual([]);
  });
});

it('Eventual waits for earlier claims, but not for ever', () => {
  const resource = applied({ failover: { consistency: 'Eventual' }, replicas: 2 });
  const claims = [claim(0), claim(1), claim(2), claim(3)];
  const since = (sinceWallMs: number) =>
    members(resource, { 2: withData, 3: withData }).map((member) => ({
      ...member,
      health: { ...member.health!, sinceWallMs },
    }));
  const soon = planFailover(resource, makeObserved(since(t0 - 1_000), { claims }), t0);
  expect(soon).toMatchObject({ kind: 'Wait', untilMs: t0 + 29_000 });
  const late = planFailover(resource, makeObserved(since(t0 - 30_000), { claims }), t0);
  expect(late).toMatchObject({ kind: 'Elect' });
});

it('a member whose claim has no volume is not waited for, and goes if it is one too many without a node', () => {
  const resource = applied({ replicas: 2 });
  const unplaced = makeMember(resource, 2, {
    unschedulable: 'no node',
    health: undefined,
  } as object);
  const heard = members(resource, { 0: { ...withData, ledEpoch: 4 }, 1: withData });
  const claims = [claim(0), claim(1), claim(2, { ...fresh, hasVolume: false })];
  const observed = makeObserved([...heard, unplaced], { claims });
  expect(planFailover(resource, observed, t0)).toMatchObject({ kind: 'Elect' });
  expect(planReplicas(resource, observed, t0).remove).toMatchObject([
    { member: { name: 'web-2' } },
  ]);
});

it('a broken image is corrected, though more members are there than asked for', () => {
  const resource = applied({ replicas: 1 });
  const waiting = { container: 'db', reason: 'ImagePullBackOff', message: 'x' };
  const pending = { waiting, phase: 'Pending', templateHash: 'old', health: undefined };
  const broken = [0, 1].map((ordinal) => makeMember(resource, ordinal, pending as object));
  const observed = makeObserved(broken, { claims: [claim(0), claim(1)] });
  expect(planReplicas(resource, observed, t0).remove).toMatchObject([{ reason: 'Outdated' }]);
});

it('of data without comparable positions, only those of a former leader are gone on with, or the only ones', () => {
  const resource = applied();
  const moved: Partial<MemberReport> = {
    state: 'Detached',
    epoch: 0,
    position: undefined,
  } as object;
  const plan = planFailover(
    resource,
    makeObserved(members(resource, { 0: empty, 1: { ...moved }, 2: empty })),
    t0,
  );
  expect(plan).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  const two = members(resource, { 0: { ...moved }, 1: { ...moved }, 2: empty });
  const why = { kind: 'Blocked', reason: 'NoCandidate' };
  expect(planFailover(resource, makeObserved(two), t0)).toMatchObject(why);
  const accepting = applied({
    failover: { consistency: 'Strong', onNoCandidate: 'PromoteAnyway' },
  });
  const anyway = planFailover(accepting, makeObserved(two), t0);
  expect(anyway).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
});

describe('the ordinal of a new member', () => {
  const spec = { volumeClaimTemplates, topology: 'ActivePassive', replicas: 1 };

  it('is that of the primary if its pod is gone, also for a program without positions', () => {
    const resource = makeResource(spec, { primary: 'web-3', primaryUID: 'uid-web-3', epoch: 2 });
    expect(created(resource, makeObserved([]))).toEqual([3]);
  });

  it('is that of a member whose pod is gone', () => {
    const status = ['web-0', 'web-1', 'web-4'].map((pod) => ({ pod }) as never);
    const resource = makeResource(
      { ...spec, replicas: 3 },
      { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2, members: status },
    );
    const left = [makeMember(resource, 0), makeMember(resource, 1)];
    expect(created(resource, makeObserved(left))).toEqual([4]);
  });

  it('is one without a volume in another zone, if the member is for one zone', () => {
    const begun = { lastRebalanceTime: new Date(t0 - 1_000).toISOString() };
    const resource = makeResource(
      { ...spec, replicas: 3 },
      { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2, ...begun },
    );
    const crowded = [0, 1, 2].map((ordinal) =>
      makeMember(resource, ordinal, { zone: ordinal === 0 ? 'a' : 'b' }),
    );
    const claims = [claim(3, { zone: 'a' }), claim(4, { zone: 'c' }), claim(5)];
    const plan = planReplicas(resource, makeObserved(crowded, { claims }), t0);
    expect(plan).toMatchObject({ zone: 'c', create: [4] });
  });
});

it('no pod is created while one of an earlier resource is taken over', () => {
  const resource = applied();
  const orphan = { name: 'web-1', owner: 'somebody else', isAwaitingGarbageCollection: false };
  const foreignPods = [{ ...orphan, orphanUid: 'uid-web-1' }];
  expect(created(resource, makeObserved([], { foreignPods }))).toEqual([]);
});
