import { describe, expect, it } from 'vitest';
import type { ClaimView } from '../model/found-objects.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { nextStatus } from '../status/status.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { report } from '../testing/led.ts';
import { planReplicas } from './replicas.ts';
import { planScaledClaims, scaledClaimsProgress } from './scaled-claims.ts';

const template = { metadata: { name: 'data' }, spec: {} };
const claim = (ordinal: number, more: Partial<ClaimView> = {}): ClaimView => ({
  ...{ name: `data-web-${ordinal}`, ordinal, uid: `uid-claim-${ordinal}`, createdAtMs: t0 },
  ...{ hasVolume: true, isBound: true, given: {}, ...more },
});
const claims = (marks: Record<number, string> = {}) =>
  [0, 1, 2].map((ordinal) =>
    claim(ordinal, marks[ordinal] === undefined ? {} : { scaledAway: marks[ordinal] }),
  );

/** Three members, and so many replicas wished. */
function scaled(replicas: number, spec: object = {}, status: Resource['status'] = {}) {
  const { resource, members } = running({
    ...{ replicas, volumeClaimTemplates: [template] },
    ...{ volumeClaimRetentionPolicy: { whenScaled: 'Delete' }, ...spec },
  });
  return {
    resource: { ...resource, status: { ...resource.status, scaledTo: 3, ...status } },
    members,
  };
}

function planned(resource: Resource, members: Member[], more: Partial<Observed> = {}) {
  const observed = makeObserved(members, { claims: claims(), ...more });
  const plan = planReplicas(resource, observed, t0);
  const { actions, held } = planScaledClaims(resource, observed, plan);
  const does = actions.map((action) => {
    if (action.type === 'MarkScaledAway') return `${action.claim.name} for ${action.pod}`;
    return action.type === 'GiveUpClaim' ? `${action.claim.name} goes` : action.type;
  });
  return { does, held: [...held] };
}

const without = (members: Member[], ordinal: number) =>
  members.filter((member) => member.ordinal !== ordinal);

describe('planScaledClaims', () => {
  it('marks the claims of a member that a scale-down removes, and lets its pod wait for that', () => {
    const { resource, members } = scaled(2);
    expect(planned(resource, members)).toEqual({ does: ['data-web-2 for uid-web-2'], held: [2] });
    const marked = { claims: claims({ 2: 'uid-web-2' }) };
    expect(planned(resource, members, marked)).toEqual({ does: [], held: [] });
    // A mark of an earlier pod of that name.
    expect(planned(resource, members, { claims: claims({ 2: 'uid-before' }) }).held).toEqual([2]);
  });

  it.each([
    ['whenScaled is Retain', scaled(2, { volumeClaimRetentionPolicy: { whenScaled: 'Retain' } })],
    ['nothing is said', scaled(2, { volumeClaimRetentionPolicy: undefined })],
    ['the service is stopped', scaled(0, {}, { stopped: true })],
    ['the surplus is not of a scale-down', scaled(2, {}, { scaledTo: 2 })],
    ['more is too many than was scaled down', scaled(1, {}, { scaledTo: 2 })],
    ['nothing is known of before', scaled(2, {}, { scaledTo: undefined })],
  ])('keeps the claims if %s', (_why, { resource, members }) => {
    expect(planReplicas(resource, makeObserved(members), t0).remove).not.toEqual([]);
    expect(planned(resource, members).does).toEqual([]);
  });

  it('keeps the claims of a member that is not healthy: what it alone has is not known', () => {
    const { resource, members } = scaled(2);
    const broken = members.map((m) => (m.ordinal === 1 ? { ...m, health: dead('Refused') } : m));
    const plan = planReplicas(resource, makeObserved(broken), t0);
    expect(plan.remove.map(({ member }) => member.name)).toEqual(['web-1']);
    expect(planned(resource, broken).does).toEqual([]);
  });

  it('takes the mark back if its member stays, if another has its name, and at 0 or Retain', () => {
    const marked = { claims: claims({ 2: 'uid-web-2' }) };
    const back = { does: ['data-web-2 for undefined'], held: [2] };
    const stays = scaled(3);
    expect(planned(stays.resource, stays.members, marked)).toEqual(back);
    const another = stays.members.map((m) => (m.ordinal === 2 ? { ...m, uid: 'uid-new' } : m));
    expect(planned(stays.resource, another, marked)).toEqual(back);
    const stopped = scaled(0, {}, { stopped: true });
    expect(planned(stopped.resource, [], marked)).toEqual(back);
    const retained = scaled(2, { volumeClaimRetentionPolicy: { whenScaled: 'Retain' } });
    expect(planned(retained.resource, without(retained.members, 2), marked)).toEqual(back);
    // Scaled up again, after the pod is gone: before its pod is created.
    expect(planned(stays.resource, without(stays.members, 2), marked)).toEqual(back);
  });

  it('lets a member that is only replaced keep its name, rather than take one that was scaled away', () => {
    const { resource, members } = scaled(
      2,
      {},
      { syncSets: [{ members: ['web-1', 'web-2'], acks: 1 }] },
    );
    const observed = makeObserved(without(without(members, 1), 2), {
      claims: claims({ 1: 'uid-web-1' }),
    });
    expect(planReplicas(resource, observed, t0).create).toEqual([2]);
  });

  it('gives a claim up when its pod is gone and all others are well', () => {
    const marked = { claims: claims({ 2: 'uid-web-2' }) };
    const { resource, members } = scaled(2);
    const left = without(members, 2);
    expect(planned(resource, left, marked)).toEqual({ does: ['data-web-2 goes'], held: [] });
    const going = [...left, { ...members[2]!, deletionAtMs: t0 + 1_000 }];
    expect(planned(resource, going, marked)).toEqual({ does: [], held: [] });
    const gone = { claims: [claim(2, { scaledAway: 'uid-web-2', isGoing: true })] };
    expect(planned(resource, left, gone).does).toEqual([]);
  });

  it.each<[string, Partial<Resource['status']>, Partial<Observed>, Partial<Member>]>([
    ['a member is not healthy', {}, {}, { health: dead('Refused') }],
    [
      'a member has no complete copy',
      {},
      {},
      { health: healthy({ report: report({ state: 'Cloning' }) }) },
    ],
    [
      'a member has a copy in memory alone',
      {},
      {},
      { health: healthy({ report: report({ durable: false }) }) },
    ],
    ['a member is being deleted', {}, {}, { deletionAtMs: t0 + 1_000 }],
    ['the primary is gone', { primaryUID: 'uid-before' }, {}, {}],
    ['it is the last primary', { primary: 'web-2' }, {}, {}],
    ['a sync set has it', { syncSets: [{ members: ['web-1', 'web-2'], acks: 1 }] }, {}, {}],
    [
      'a fence runs',
      { fencing: { epoch: 2, trigger: 'Silent', startedAt: new Date(t0).toISOString() } },
      {},
      {},
    ],
    [
      'another pod has its name',
      {},
      { foreignPods: [{ name: 'web-2', owner: 'x', isAwaitingGarbageCollection: false }] },
      {},
    ],
  ])('keeps the claim as long as %s', (_why, status, more, member) => {
    const { resource, members } = scaled(2, {}, status);
    const left = without(members, 2).map((m) => (m.ordinal === 1 ? { ...m, ...member } : m));
    const marked = { claims: claims({ 2: 'uid-web-2' }), ...more };
    expect(planned(resource, left, marked).does).toEqual([]);
    expect(scaledClaimsProgress(resource, makeObserved(left, marked))).toHaveLength(1);
  });
});

it('the status knows a scale-down until no member is too many', () => {
  const next = (replicas: number, live: number, scaledTo: number | undefined) => {
    const { resource, members } = scaled(replicas, {}, { scaledTo });
    const plans = {
      primary: members[0],
      failover: { kind: 'None' as const },
      promoted: true,
      repointed: true,
      degradedReasons: [],
      excused: { absences: [], pods: [], notes: [], degradedReasons: [], isStart: false },
      progress: [],
      moveStarted: false,
    };
    return nextStatus(resource, makeObserved(members.slice(0, live)), plans, t0).scaledTo;
  };
  expect(next(3, 3, undefined)).toBe(3);
  // A scale-down runs, and ends.
  expect(next(2, 3, 3)).toBe(3);
  expect(next(2, 2, 3)).toBe(2);
  // One member has failed; one is there besides, for a failover.
  expect(next(3, 2, 3)).toBe(3);
  expect(next(2, 3, 2)).toBe(2);
  // Scaled up, and not all are there yet.
  expect(next(5, 3, 2)).toBe(3);
});
