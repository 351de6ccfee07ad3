import { describe, expect, it } from 'vitest';
import type { Spec } from '../../api/spec.ts';
import { decide } from '../decide.ts';
import { degradedReasonsOf } from '../status/degraded-reasons.ts';
import { noSuccessor } from '../status/no-successor.ts';
import { planReplicas } from '../replicas/replicas.ts';
import { templateHash } from '../resources/pod.ts';
import { planRoles } from '../roles/roles.ts';
import { planFailover } from './failover.ts';
import { wishedSet } from './sync-sets.ts';
import type { Member, Resource } from '../model/observed.ts';
import { dead, makeMember, makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

type Never = Spec['failover']['neverPrimary'];
const never = (neverPrimary: Never, consistency = 'Strong') => ({
  failover: { consistency, neverPrimary },
});
const plan = (resource: Resource, members: Member[]) =>
  planFailover(resource, makeObserved(members), t0);
const fencing = (trigger: 'Crash' | 'Switchover') => ({
  ...{ epoch: 2, from: 'web-0', trigger },
  startedAt: new Date(t0).toISOString(),
});
const fenced = (offset: number) => ({
  ...{ state: 'Detached' as const, epoch: 2 },
  position: { term: 1, offset },
});

describe('a failover', () => {
  it('passes over members that may not lead, by ordinal or by zone, also if no other is left', () => {
    const byZone = running(never({ zones: ['b'] }, 'Eventual'));
    const [lost, ...others] = byZone.members;
    const seen = [{ ...lost!, health: dead('Refused') }, ...others];
    expect(plan(byZone.resource, seen)).toMatchObject({ winner: { name: 'web-2' } });
    const blocked = plan(byZone.resource, seen.slice(0, 2));
    expect(blocked).toMatchObject({ kind: 'Blocked', reason: 'NeverPrimary' });
    expect(JSON.stringify(blocked)).toContain('web-1 may not lead (failover.neverPrimary: zone b)');
    expect(JSON.stringify(blocked)).toContain('kubectl patch has web -n shop --type=merge');
    // Its node is not known at the moment: the status remembers the zone.
    const { zone: _unknown, ...placeless } = others[0]!;
    const members = [
      { uid: 'uid-web-1', zone: 'b', pod: 'web-1' },
    ] as Resource['status']['members'];
    const remembering = { ...byZone.resource, status: { ...byZone.resource.status, members } };
    expect(plan(remembering, [seen[0]!, placeless])).toMatchObject({ reason: 'NeverPrimary' });
  });

  it('passes over such a member for as long as its node is not known, and not if its node is in no zone', () => {
    const { resource, members } = running(never({ zones: ['b'] }, 'Eventual'));
    const [lost, one, two] = [members[0]!, members[1]!, members[2]!];
    const { zone: _unknown, ...placeless } = one;
    const after = (zoneless: Member) => {
      let { status } = decide(resource, makeObserved(members), t0);
      const seen = makeObserved([lost, zoneless, two]);
      for (let pass = 1; pass <= 3; pass++) {
        ({ status } = decide({ ...resource, status }, seen, t0 + pass));
      }
      return plan({ ...resource, status }, [{ ...lost, health: dead('Refused') }, zoneless]);
    };
    expect(after({ ...placeless, nodeReady: false })).toMatchObject({ reason: 'NeverPrimary' });
    expect(after(placeless)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  });

  it('elects no member with less than a needed voter that may not lead', () => {
    const spec = { engine: { type: 'Redis' }, ...never({ ordinals: [2] }) };
    const { resource, members } = strong(spec, { epoch: 2, fencing: fencing('Crash') });
    const lost = { ...members[0]!, health: dead('Refused') };
    const seen = (offset: number) => [
      lost,
      led(resource, 1, fenced(offset)),
      led(resource, 2, fenced(100)),
    ];
    expect(plan(resource, seen(100))).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
    expect(plan(resource, seen(99))).toMatchObject({ kind: 'Blocked', reason: 'NeverPrimary' });
  });

  it('lets the primary until now lead on if no other can, and only then', () => {
    const { resource } = strong(never({ ordinals: [0] }), { epoch: 2, fencing: fencing('Crash') });
    const back = led(resource, 0, { ...fenced(100), ledEpoch: 1 });
    const behind = [led(resource, 1, fenced(90)), led(resource, 2, fenced(95))];
    expect(plan(resource, [back, ...behind])).toMatchObject({ winner: { name: 'web-2' } });
    expect(plan(resource, [back])).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
  });
});

describe('a first election', () => {
  it('makes no first primary of a member that may not lead, and says so', () => {
    const resource = makeResource(never({ ordinals: [0, 1] }, 'Eventual'), {});
    const members = [0, 1, 2].map((ordinal) => makeMember(resource, ordinal));
    expect(plan(resource, members)).toMatchObject({ winner: { name: 'web-2' } });
    expect(plan(resource, members.slice(0, 2))).toMatchObject({ reason: 'NeverPrimary' });
  });

  it('goes on with no less data than members have that may not lead', () => {
    const { resource } = strong(never({ ordinals: [2] }), {});
    const { primary: _p, primaryUID: _u, ...lost } = resource.status;
    const unknown = { ...resource, status: { ...lost, initialized: true } };
    const seen = (offset: number) => [
      ...[led(resource, 0, { ...fenced(90), leader: undefined }), led(resource, 1, fenced(offset))],
      led(resource, 2, fenced(100)),
    ];
    expect(plan(unknown, seen(100))).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
    expect(plan(unknown, seen(99))).toMatchObject({ kind: 'Blocked', reason: 'NeverPrimary' });
  });
});

describe('a primary that the field names after an edit', () => {
  it('hands over to a member that is well, and not before the new primary could acknowledge writes', () => {
    const { resource } = strong(never({ ordinals: [0] }));
    const all = [led(resource, 0, leading()), led(resource, 1, {}), led(resource, 2, {})];
    expect(plan(resource, all)).toMatchObject({
      kind: 'Fence',
      fencing: { trigger: 'Switchover' },
      why: expect.stringContaining('web-0 may not lead (failover.neverPrimary: ordinal 0)'),
    });
    const lone = [...all.slice(0, 2), { ...all[2]!, health: dead('Refused') }];
    expect(plan(resource, lone)).toEqual({ kind: 'None' });
  });

  it('is not relieved again and again if no other member could be elected', () => {
    const record = {
      ...fencing('Switchover'),
      epoch: 1,
      to: 'web-0',
      outcome: 'Completed' as const,
    };
    const { resource } = strong(never({ ordinals: [0] }), { failovers: [record] });
    const all = [led(resource, 0, leading()), led(resource, 1, {}), led(resource, 2, {})];
    expect(plan(resource, all)).toEqual({ kind: 'None' });
    expect(planFailover(resource, makeObserved(all), t0 + 30_000)).toMatchObject({ kind: 'Fence' });
  });

  it('hands over with failover.automatic: false, too, as the user has asked for that', () => {
    const failover = { ...never({ ordinals: [0] }).failover, automatic: false };
    const { resource } = strong({ failover }, { epoch: 2, fencing: fencing('Switchover') });
    const all = [0, 1, 2].map((ordinal) => led(resource, ordinal, fenced(100)));
    expect(plan(resource, all)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  });
});

describe('the sync set', () => {
  it('has no member that may not lead, if the leader counts by name, and a majority of the others acknowledges', () => {
    const wished = (spec: object, count: number) => {
      const { resource } = strong({ replicas: count, ...spec });
      const members = [0, 1, 2].map((ordinal) => makeMember(resource, ordinal));
      return wishedSet(resource, makeObserved(members), 'web-0');
    };
    expect(wished(never({ ordinals: [2] }), 3)).toEqual({ members: ['web-1'], acks: 1 });
    expect(wished(never({ zones: ['b', 'c'] }), 3)).toEqual({ members: [], acks: 0 });
    const five = wished(never({ ordinals: [3, 4] }), 5);
    expect(five).toEqual({ members: ['web-1', 'web-2'], acks: 1 });
    const redis = wished({ engine: { type: 'Redis' }, ...never({ ordinals: [2] }) }, 3);
    expect(redis).toEqual({ members: ['web-1', 'web-2'], acks: 1 });
  });

  it('is no condition for a member that may not lead to follow', () => {
    const syncSets = [{ members: ['web-1'], acks: 1, revision: 2 }];
    const { resource } = strong(never({ ordinals: [2] }), { syncSets });
    const sync = { ...syncSets[0]!, revision: 2 };
    const members = [
      ...[led(resource, 0, leading({ sync })), led(resource, 1, {})],
      led(resource, 2, { state: 'Detached', epoch: 1 }),
    ];
    const { commands } = planRoles(resource, makeObserved(members), members[0], t0);
    expect(commands).toMatchObject([{ action: 'follow', member: { name: 'web-2' } }]);
  });
});

describe('planned changes', () => {
  it('a scale-down leaves one other member that may lead, and Degraded says if there is none', () => {
    const { resource, members } = running({ replicas: 2, ...never({ ordinals: [1] }, 'Eventual') });
    const { remove } = planReplicas(resource, makeObserved(members), t0);
    expect(remove.map(({ member }) => member.name)).toEqual(['web-1']);
    const two = makeObserved(members.slice(0, 2));
    expect(degradedReasonsOf(resource, two, t0)).toMatchObject([{ reason: 'NoSuccessor' }]);
    const told = (spec: object) => {
      const service = strong({ ...never({ ordinals: [1, 2] }), ...spec });
      return noSuccessor(service.resource, service.members)[0]?.message;
    };
    expect(told({})).toContain('web-0 alone surely holds what it acknowledges');
    expect(told({ engine: { type: 'Redis' } })).not.toContain('alone');
    expect(noSuccessor(resource, members)).toEqual([]);
    expect(noSuccessor(running().resource, members)).toEqual([]);
  });

  it('the only member that may lead is replaced at the end of an update', () => {
    const { resource, members } = running(never({ ordinals: [1, 2] }, 'Eventual'));
    const seen = members.map((member) => ({
      ...member,
      ...(member.ordinal === 0 ? { templateHash: 'old' } : {}),
    }));
    const { remove } = planReplicas(resource, makeObserved(seen), t0);
    expect(remove.map(({ member }) => member.name)).toEqual(['web-0']);
  });

  it('a primary whose data would end with its pod is not replaced if no other may lead, whether it may itself or not', () => {
    const spec = (neverPrimary: Never) => ({ engine: { type: 'Redis' }, ...never(neverPrimary) });
    const removed = (neverPrimary: Never, keepsData: boolean) => {
      const { resource, members } = strong(spec(neverPrimary));
      const [first, ...others] = members.map((member) => ({ ...member, keepsData }));
      const seen = makeObserved([{ ...first!, templateHash: 'old' }, ...others]);
      return planReplicas(resource, seen, t0).remove.map(({ member }) => member.name);
    };
    for (const zones of [
      ['b', 'c'],
      ['a', 'b', 'c'],
    ]) {
      expect(removed({ zones }, false)).toEqual([]);
      expect(removed({ zones }, true)).toEqual(['web-0']);
    }
  });

  it('a primary that has stayed the primary does not hand over again at once to be updated', () => {
    const record = {
      ...fencing('Switchover'),
      epoch: 1,
      to: 'web-0',
      outcome: 'Completed' as const,
    };
    const { resource, members } = strong({}, { failovers: [record] });
    const [first, ...others] = members;
    const seen = makeObserved([{ ...first!, templateHash: 'old' }, ...others]);
    expect(planFailover(resource, seen, t0)).toEqual({ kind: 'None' });
    expect(planFailover(resource, seen, t0 + 30_000)).toMatchObject({ kind: 'Fence' });
  });

  it('an edit of the field replaces no pod', () => {
    const hash = (spec: object) => templateHash(makeResource(spec).spec);
    expect(hash(never({ zones: ['c'], ordinals: [1] }))).toBe(hash(never(undefined)));
  });
});
