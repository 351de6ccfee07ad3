import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';
import { planReplicas } from './replicas.ts';

const claims = [{ metadata: { name: 'data' }, spec: {} }];
const redis = { engine: { type: 'Redis' }, volumeClaimTemplates: claims };
const fencing = {
  ...{ epoch: 2, from: 'web-0', trigger: 'PodGone' as const },
  startedAt: new Date(t0).toISOString(),
};
const promotion = {
  ...{ epoch: 1, from: 'web-1', to: 'web-0', trigger: 'Crash' as const },
  ...{ startedAt: new Date(t0).toISOString(), outcome: 'Promoting' as const },
};
const wrongImage = { container: 'redis', reason: 'ImagePullBackOff', message: 'no such image' };

/** What is replaced of a service whose web-2 was made from a spec that was wrong and is corrected. */
function replaced(
  { spec = {}, status = {} }: { spec?: object; status?: object },
  change: (members: Member[]) => Member[],
  stuck: Partial<Member> = {},
) {
  const { resource, members } = strong({ ...redis, ...spec }, status);
  const { health: _none, ...unheard } = members[2]!;
  members[2] = { ...unheard, templateHash: 'old', phase: 'Pending', waiting: wrongImage, ...stuck };
  const { remove } = planReplicas(resource, makeObserved(change(members)), t0);
  return remove.map(({ member, reason }) => `${member.name} ${reason}`);
}

/** Its grace period is an hour. */
const leaving = (members: Member[]) =>
  members.map((m) => (m.ordinal === 0 ? { ...m, deletionAtMs: t0 + 3_600_000 } : m));
const ended = (members: Member[]) =>
  members.map((m) => (m.ordinal === 1 ? { ...m, phase: 'Failed', createdAtMs: t0 - 1_000 } : m));
const missing = (members: Member[]) => members.filter(({ ordinal }) => ordinal !== 1);
const surplus = (members: Member[]) => {
  const { resource } = strong(redis);
  return [...members, makeMember(resource, 3, { health: led(resource, 3, {}).health! })];
};

it.each<[what: string, state: object, change: (members: Member[]) => Member[]]>([
  ['the pod of the primary is leaving, before the fence', {}, leaving],
  ['and during the fence, which may need its vote', { status: { epoch: 2, fencing } }, leaving],
  ['another pod ends again and again', {}, ended],
  ['the API server refuses the pods that are missing', {}, missing],
  [
    'a fence has made more members than there should be',
    { status: { epoch: 2, fencing } },
    surplus,
  ],
])('a stuck outdated member is replaced at once, also if %s', (_what, state, change) => {
  expect(replaced(state, change)).toEqual(['web-2 Outdated']);
});

it('but not if the primary is gone, and a person or a wait decides when its successor is chosen: its memory may be the last good copy', () => {
  const gone = (members: Member[]) => members.filter(({ ordinal }) => ordinal !== 0);
  const health = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: 'BUSY' });
  const busy = ([b, { waiting: _none, ...c } = {} as Member]: Member[]) => [
    ...[b!, { ...c, phase: 'Running', health }],
  ];
  expect(replaced({}, (members) => busy(gone(members)))).toEqual([]);
  expect(replaced({}, gone)).toEqual(['web-2 Outdated']);
});

it('but not while what its memory holds may be a vote for the successor of a primary that leaves', () => {
  const health = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: 'not well' });
  const up = ([a, b, { waiting: _none, ...c } = {} as Member]: Member[]) => [
    ...[a!, b!],
    { ...c, phase: 'Running', health },
  ];
  expect(replaced({}, up)).toEqual(['web-2 Outdated']);
  expect(replaced({}, (members) => leaving(up(members)))).toEqual([]);
});

describe('the primary cannot be promoted, and no member is by the present spec, such as one that corrects a hook', () => {
  const failed = (uid: string, more: object = {}): Observed['roleCommands'][number] => ({
    ...{ action: 'promote', uid, epoch: 1, generation: 0, state: 'Failed', failures: 3 },
    ...{ message: 'answered 404', calledAtMs: t0, retryAtMs: t0 + 30_000, ...more },
  });
  const removed = (
    { resource, members }: { resource: Resource; members: Member[] },
    roleCommands: Observed['roleCommands'],
    change: (old: Member[]) => Member[] = (old) => old,
  ) => {
    const old = members.map((member) => ({ ...member, templateHash: 'old' }));
    const status = { ...resource.status, failovers: [promotion] };
    const observed = makeObserved(change(old), { roleCommands });
    const { remove } = planReplicas({ ...resource, status }, observed, t0);
    return remove.map(({ member, reason }) => `${member.name} ${reason}`);
  };
  const primary = failed('uid-web-0');
  const all = [primary, failed('uid-web-1'), failed('uid-web-2')];
  const protocol = (spec: object = {}, state: MemberReport['state'] = 'Detached') => {
    const volumes = { volumeClaimTemplates: claims };
    const service = strong({ ...volumes, ...spec });
    const members = [0, 1, 2].map((ordinal) => led(service.resource, ordinal, { state }));
    return { ...service, members };
  };

  it('a standby is replaced', () => {
    expect(removed(running(), [primary])).toEqual(['web-2 Outdated']);
    expect(removed(running(), [failed('uid-web-0', { failures: 2 })])).toEqual([]);
    const { members } = running();
    expect(removed(running(), [primary], ([a, b]) => [a!, b!, members[2]!])).toEqual([]);
  });

  it('but only one, also while that one is not there any more', () => {
    const end = (c: Member) => ({ ...c, deletionAtMs: t0 + 30_000 });
    expect(removed(running(), all, ([a, b, c]) => [a!, b!, end(c!)])).toEqual([]);
    expect(removed(running(), all, ([a, b]) => [a!, b!])).toEqual([]);
  });

  it('but not the only one that a failover can still promote, when its wait is over', () => {
    const one = [primary, failed('uid-web-1')];
    expect(removed(running(), one)).toEqual(['web-1 Outdated']);
    const { resource, members } = running({ replicas: 2 });
    expect(removed({ resource, members: members.slice(0, 2) }, [primary])).toEqual([]);
  });

  it('but not one that may not lead by the present spec, either', () => {
    const spec = { failover: { neverPrimary: { ordinals: [2] } } };
    expect(removed(running(spec), all)).toEqual(['web-1 Outdated']);
  });

  it('but not before the promotion in the present epoch has failed', () => {
    expect(removed(running(), [failed('uid-web-0', { epoch: 0 }), ...all.slice(1)])).toEqual([]);
  });

  it('but not one whose data would end with its process', () => {
    expect(removed(protocol(), all)).toEqual(['web-2 Outdated']);
    expect(removed(protocol({ volumeClaimTemplates: [] }), all)).toEqual([]);
    const undurable = (old: Member[]) =>
      old.map((m) => (m.ordinal === 2 ? { ...m, health: memory(m) } : m));
    const memory = ({ health }: Member) => ({
      ...health!,
      report: { ...health!.report!, durable: false },
    });
    expect(removed(protocol(), all, undurable)).toEqual(['web-1 Outdated']);
  });

  it('but not one whose position is a vote that it would lose, unless it has no data yet', () => {
    expect(removed(protocol(redis), all)).toEqual([]);
    const eventual = { failover: { consistency: 'Eventual' } };
    expect(removed(protocol({ ...redis, ...eventual }), all)).toEqual(['web-2 Outdated']);
    expect(removed(protocol(redis, 'Empty'), all)).toEqual(['web-2 Outdated']);
    const { resource, members } = protocol({ ...redis, replicas: 1 });
    expect(removed({ resource, members: [members[0]!] }, all)).toEqual(['web-0 Outdated']);
  });
});

describe('an outdated standby that has its data and cannot follow', () => {
  const problem = { reason: 'WrongPassword', message: 'web-0 refuses the password' };
  const cutOff = { linked: false, lagMs: 10_000, problem };
  const refusing: Observed['roleCommands'][number] = {
    ...{ action: 'follow', uid: 'uid-web-2', epoch: 1, generation: 0, state: 'Failed' },
    ...{ failures: 9, message: 'exit code 1', failsSinceMs: t0 - 10_000 },
    ...{ calledAtMs: t0, retryAtMs: t0 + 5_000 },
  };
  /** web-2 was made from a spec that is taken back. */
  const removed = (
    report: Partial<MemberReport>,
    {
      spec = {},
      roleCommands = [],
      change = (all: Member[]) => all,
    }: {
      spec?: object;
      roleCommands?: Observed['roleCommands'];
      change?: (all: Member[]) => Member[];
    } = {},
  ) => {
    const { resource, members } = strong({ volumeClaimTemplates: claims, ...spec });
    members[2] = { ...led(resource, 2, report), templateHash: 'old' };
    const observed = makeObserved(change(members), { roleCommands });
    return planReplicas(resource, observed, t0).remove.map(({ member }) => member.name);
  };

  it('is replaced', () => {
    expect(removed(cutOff)).toEqual(['web-2']);
    expect(removed({ state: 'Detached' }, { roleCommands: [refusing] })).toEqual(['web-2']);
    expect(removed({ state: 'Empty' }, { roleCommands: [refusing] })).toEqual(['web-2']);
  });

  it('also if another member is broken', () => {
    const change = ([a, { health: _none, ...b } = {} as Member, c]: Member[]) => [
      ...[a!, { ...b, phase: 'Pending' }, c!],
    ];
    expect(removed(cutOff, { change })).toEqual(['web-2']);
    // Its position is a vote that it would lose: the other one must have its own.
    expect(removed(cutOff, { spec: redis, change })).toEqual([]);
    expect(removed(cutOff, { spec: redis })).toEqual(['web-2']);
  });

  it('but not if that may be the first sign that the leader has died', () => {
    expect(removed({ ...cutOff, lagMs: 9_999 })).toEqual([]);
    const suspect = ([a, b, c]: Member[]) => [
      ...[{ ...a!, health: { ...a!.health!, verdict: 'Suspect' as const } }, b!, c!],
    ];
    expect(removed(cutOff, { change: suspect })).toEqual([]);
    expect(removed(cutOff, { change: ([, b, c]) => [b!, c!] })).toEqual([]);
    const began = { ...refusing, failsSinceMs: t0 - 9_999 };
    expect(removed({ state: 'Detached' }, { roleCommands: [began] })).toEqual([]);
  });
});
