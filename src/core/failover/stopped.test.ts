import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member, Resource } from '../model/observed.ts';
import { planReplicas } from '../replicas/replicas.ts';
import { healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';

const claims = [
  { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } },
] as object[];
const redis = { engine: { type: 'Redis' }, volumeClaimTemplates: claims };
const eventual = { ...redis, failover: { consistency: 'Eventual' } };
const web1 = { primary: 'web-1', primaryUID: 'uid-web-1' };
const names = (ordinals: number[]) => ordinals.map((ordinal) => `web-${ordinal}`);

/** After a scale to 0, with other pods. */
function restarted(resource: Resource, ordinal: number, more: Partial<MemberReport> = {}) {
  const { position: _lost, ...said } = report({ state: 'Detached', ...more });
  return makeMember(resource, ordinal, {
    uid: `new-${ordinal}`,
    createdAtMs: t0,
    health: healthy({ report: said, sinceWallMs: t0 }),
  });
}
const plan = (resource: Resource, members: Member[], atMs = t0) =>
  planFailover(resource, makeObserved(members), atMs);

it('at 0 the status remembers the leader before a pod is deleted, and keeps it', () => {
  const { resource, members } = strong({ ...redis, replicas: 0 }, web1);
  const first = decide(resource, makeObserved(members), t0);
  expect(first.actions.filter(({ type }) => type === 'DeletePod')).toEqual([]);
  expect(first.status).toMatchObject({ ...web1, stopped: true, syncSets: [{ acks: 1 }] });
  const noted = { ...resource, status: first.status };
  const second = decide(noted, makeObserved(members), t0);
  expect(second.actions.filter(({ type }) => type === 'DeletePod')).toHaveLength(3);
  const empty = decide({ ...noted, status: second.status }, makeObserved([]), t0);
  expect(empty.status).toMatchObject({ ...web1, stopped: true, phase: 'Stopped' });
});

it('a stop that is undone before its pods are deleted is forgotten', () => {
  const { resource, members } = strong(redis, { stopped: true });
  expect(decide(resource, makeObserved(members), t0).status).not.toHaveProperty('stopped');
});

it('a service that keeps no data and needs no lease starts without data', () => {
  const plain = running({ replicas: 0 });
  expect(decide(plain.resource, makeObserved([]), t0).status).not.toHaveProperty('primary');
  const cache = strong({ engine: { type: 'Redis' }, replicas: 0 });
  const { status } = decide(cache.resource, makeObserved([]), t0);
  for (const field of ['primary', 'primaryUID', 'initialized', 'syncSets', 'stopped']) {
    expect(status).not.toHaveProperty(field);
  }
  const withVolume = (mountPath: string, source: object) => {
    const mounts = { volumeMounts: [{ name: 'data', mountPath }] };
    const containers = [{ name: 'redis', image: 'redis', ...mounts }];
    const template = { spec: { containers, volumes: [{ name: 'data', ...source }] } };
    const { resource } = strong({ engine: { type: 'Redis' }, replicas: 0, template });
    return decide(resource, makeObserved([]), t0).status.stopped;
  };
  const claim = { persistentVolumeClaim: { claimName: 'mine' } };
  expect(withVolume('/data', claim)).toBe(true);
  expect(withVolume('/data', { emptyDir: {} })).toBeUndefined();
  expect(withVolume('/etc/localtime', { hostPath: { path: '/etc/localtime' } })).toBeUndefined();
  const leased = running({ replicas: 0, failover: { consistency: 'Strong' } });
  expect(decide(leased.resource, makeObserved([]), t0).status).toMatchObject({ stopped: true });
});

it('whether the leader is remembered follows from how the pods were made, not from the spec of this minute', () => {
  const stops = (spec: object, member: Partial<Member>, status: object = {}, count = 3) => {
    const { resource, members } = strong({ ...spec, replicas: 0 }, { ...web1, ...status });
    const { keepsData: _spec, leaseMs: _lease, agentPort: _port, ...rest } = members[1]!;
    const made = { ...rest, ...member };
    const seen = [made, members[0]!, members[2]!].slice(0, count);
    const { status: next, actions } = decide(resource, makeObserved(seen), t0);
    const deleted = actions.filter(({ type }) => type === 'DeletePod').length;
    return [next.stopped === true ? next.primary : undefined, deleted];
  };
  const cache = { engine: { type: 'Redis' } };
  const plain = { engine: { type: 'HTTP' }, topology: 'ActivePassive', failover: {} };
  const onVolume = { agentPort: 8991, keepsData: true };
  // The edit that stops the service takes the volume, the agent or the lease from the next pods.
  expect(stops(cache, onVolume)).toEqual(['web-1', 0]);
  expect(stops(plain, onVolume)).toEqual(['web-1', 0]);
  expect(stops(plain, { agentPort: 8991, leaseMs: 96_000 })).toEqual(['web-1', 0]);
  // Or gives them a volume: the data of the pods that run are on none, and nobody waits for them.
  expect(stops(redis, { agentPort: 8991 })).toEqual([undefined, 3]);
  // Its pod is gone: the other pods, the status, or what was remembered at the stop says that.
  const { resource } = strong({ ...cache, replicas: 0 }, web1);
  const others = [0, 2].map((n) => makeMember(resource, n, { keepsData: true }));
  expect(decide(resource, makeObserved(others), t0).status).toMatchObject({ stopped: true });
  for (const status of [{ primaryLeaseMs: 96_000 }, { stopped: true }]) {
    expect(stops(plain, {}, status, 0)).toEqual(['web-1', 0]);
  }
});

it('whoever holds the newest data is made first', () => {
  const create = (replicas: number) => {
    const { resource } = strong({ ...redis, replicas }, { ...web1, stopped: true });
    return names(planReplicas(resource, makeObserved([]), t0).create);
  };
  expect(create(1)).toEqual(['web-1']);
  expect(create(2)).toEqual(['web-1', 'web-2']);
  expect(create(4)).toEqual(['web-1', 'web-2', 'web-0', 'web-3']);
});

it('Strong: the one that led is waited for, fenced, and leads again; nothing of that is called a failure', () => {
  const { resource } = strong(redis, { ...web1, stopped: true });
  const begun = decide({ ...resource, agentImage: 'operator' }, makeObserved([]), t0);
  expect(begun.commit?.status.fencing).toMatchObject({ trigger: 'Stopped', from: 'web-1' });
  const warned = begun.events.filter(({ type }) => type === 'Warning').map(({ reason }) => reason);
  expect(warned).toEqual(['SpecWarning']);
  const fencing = { ...resource, status: begun.commit!.status };
  const other = restarted(fencing, 0, { epoch: 2 });
  expect(plan(fencing, [other])).toMatchObject({ kind: 'Wait' });
  expect(plan(fencing, [other], t0 + 31_000)).toMatchObject({
    kind: 'Blocked',
    message: expect.stringContaining('web-1') as string,
  });
  const holder = restarted(fencing, 1, { epoch: 2, ledEpoch: 1 });
  const elected = decide(fencing, makeObserved([other, holder]), t0);
  expect(elected.commit?.status).toMatchObject({ primary: 'web-1', primaryUID: 'new-1', epoch: 2 });
  expect(elected.commit?.status).not.toHaveProperty('stopped');
});

it('Eventual: one that comes up sooner with older data does not lead', () => {
  const { resource } = strong(eventual, { ...web1, stopped: true });
  const other = restarted(resource, 0);
  expect(plan(resource, [other])).toMatchObject({ kind: 'Wait', untilMs: t0 + 30_000 });
  expect(plan(resource, [other], t0 + 30_000)).toMatchObject({
    kind: 'Blocked',
    reason: 'PrimaryMissing',
    message: expect.stringContaining('web-1') as string,
  });
  const starting = restarted(resource, 1, { state: 'Starting' });
  expect(plan(resource, [other, starting])).toMatchObject({ kind: 'Wait' });
  const { ip: _none, ...pending } = restarted(resource, 1);
  const later = { ...pending, createdAtMs: t0 + 3_600_000 };
  expect(plan(resource, [other, later])).toMatchObject({ reason: 'PrimaryMissing' });
  const holder = restarted(resource, 1, { ledEpoch: 1 });
  expect(plan(resource, [other, holder])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
    record: { trigger: 'Stopped' },
  });
  // It has lost its volume: then the others are all there is.
  const empty = restarted(resource, 1, { state: 'Empty' });
  expect(plan(resource, [other, empty])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
  });
  const anyway = { ...eventual.failover, onNoCandidate: 'PromoteAnyway' };
  const daring = strong({ ...eventual, failover: anyway }, { ...web1, stopped: true }).resource;
  expect(plan(daring, [other], t0 + 30_000)).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
  });
});

it('a stop and a start do not hold up the next failover', () => {
  const at = new Date(t0 - 1_000).toISOString();
  const record = { epoch: 1, to: 'web-0', startedAt: at, outcome: 'Completed' as const };
  const failovers = [{ ...record, trigger: 'Stopped' as const }];
  const { resource, members } = strong(redis, { failovers });
  const gone = members.slice(1);
  expect(plan(resource, gone)).toMatchObject({ kind: 'Fence' });
  const crashed = { ...resource, status: { ...resource.status, failovers: [] } };
  expect(plan(crashed, [led(resource, 0, {}), ...gone])).toMatchObject({ kind: 'None' });
});

it('without a quorum, too: a lease does not show which member holds the newest data', () => {
  const engine = { type: 'Exec', exec: { status: ['true'] } };
  const exec = { ...redis, engine, failover: { consistency: 'Strong' } };
  const fencing = {
    ...{ epoch: 2, from: 'web-1', trigger: 'Stopped' as const },
    startedAt: new Date(t0).toISOString(),
  };
  const status = { ...web1, stopped: true, epoch: 2, fencing };
  const { resource } = strong(exec, status);
  const elected = (members: Member[], atMs = t0) =>
    planFailover(resource, makeObserved(members, { leaseEndsInMs: 0 }), atMs);
  const other = restarted(resource, 0, { epoch: 2, position: { term: 1, offset: 10 } });
  expect(elected([other])).toMatchObject({ kind: 'Wait' });
  expect(elected([other], t0 + 31_000)).toMatchObject({ reason: 'PrimaryMissing' });
  const holder = restarted(resource, 1, { epoch: 2 });
  expect(elected([other, holder])).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
});

it('one that loads its data is waited for, however long', () => {
  const anyway = { consistency: 'Eventual', onNoCandidate: 'PromoteAnyway' };
  const { resource } = strong({ ...redis, failover: anyway }, { ...web1, stopped: true });
  const loading = restarted(resource, 1, { state: 'Starting' });
  expect(plan(resource, [restarted(resource, 0), loading], t0 + 3_600_000)).toMatchObject({
    kind: 'Wait',
  });
});

it('nothing is stopped or replaced on purpose while only the memory of its leader has everything', () => {
  const leader = (durable: object) => ({
    state: 'Leading' as const,
    sync: { members: ['web-1', 'web-2'], acks: 1 },
    ...durable,
  });
  const removals = (spec: object, durable: object, hash?: string) => {
    const { resource, members } = strong({ ...redis, ...spec }, { stopped: true });
    members[0] = led(resource, 0, leader(durable));
    const live = hash === undefined ? members : [{ ...members[0], templateHash: hash }];
    return planReplicas(resource, makeObserved(live), t0).remove.map(({ member }) => member.name);
  };
  for (const replicas of [0, 1, 2]) {
    expect(removals({ replicas }, { durable: false })).toEqual([]);
    expect(removals({ replicas }, {})).toHaveLength(3 - replicas);
  }
  expect(removals({ replicas: 1 }, { durable: false }, 'old')).toEqual([]);
  expect(removals({ replicas: 1 }, {}, 'old')).toEqual(['web-0']);
});

it('says what a stop waits for', () => {
  const { resource, members } = strong({ ...redis, replicas: 0 }, { stopped: true });
  members[0] = led(resource, 0, { state: 'Leading', durable: false });
  const { status, actions } = decide(resource, makeObserved(members), t0);
  expect(actions.filter(({ type }) => type === 'DeletePod')).toEqual([]);
  expect(status.conditions?.find(({ type }) => type === 'Progressing')).toMatchObject({
    status: 'True',
    message: expect.stringContaining(
      'web-0 has data in memory that are not on its disk yet',
    ) as string,
  });
});

it('at 0 nothing is made, whoever is waited for', () => {
  const fencing = {
    ...{ epoch: 2, from: 'web-1', trigger: 'Silent' as const },
    startedAt: new Date(t0 - 60_000).toISOString(),
  };
  for (const [spec, status] of [
    [eventual, {}],
    [redis, { epoch: 2, fencing }],
  ] as const) {
    const stopped = { ...web1, stopped: true, ...status };
    const { resource } = strong({ ...spec, replicas: 0 }, stopped);
    expect(planReplicas(resource, makeObserved([]), t0).create).toEqual([]);
  }
});

it.each([
  ['Strong', redis],
  ['Eventual', eventual],
])('%s: nothing is reported as blocked before the first pod is there', (_, spec) => {
  const { resource } = strong(spec, { ...web1, stopped: true });
  expect(plan(resource, [])).not.toHaveProperty('kind', 'Blocked');
});
