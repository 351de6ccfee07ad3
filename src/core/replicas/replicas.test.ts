import { describe, expect, it } from 'vitest';
import { roleLabel } from '../../api/labels.ts';
import { desiredPod } from '../resources/pod.ts';
import type { Member } from '../model/observed.ts';
import { planReplicas } from './replicas.ts';
import {
  dead,
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  running,
  t0,
} from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';

const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'Silent' as const,
  startedAt: new Date(t0).toISOString(),
};

const removed = (plan: ReturnType<typeof planReplicas>) =>
  plan.remove.map(({ member, reason }) => `${member.name} ${reason}`);

describe('planReplicas', () => {
  it('creates what is missing, lowest free ordinals first, around names that others have', () => {
    const resource = makeResource();
    const observed = makeObserved([makeMember(resource, 1)], {
      foreignPods: [{ name: 'web-0', owner: 'somebody else', isAwaitingGarbageCollection: false }],
    });
    expect(planReplicas(resource, observed, t0).create).toEqual([2, 3]);
  });

  it('does nothing if all members are well', () => {
    const { resource, members } = running();
    expect(planReplicas(resource, makeObserved(members), t0)).toMatchObject({
      create: [],
      remove: [],
      moveStarted: false,
    });
  });

  it('never takes the primary on the way down, but at 0', () => {
    const { resource, members } = running({ replicas: 1 });
    expect(removed(planReplicas(resource, makeObserved(members), t0))).toEqual([
      'web-2 ScaleDown',
      'web-1 ScaleDown',
    ]);
    const stopped = running({ replicas: 0 });
    expect(removed(planReplicas(stopped.resource, makeObserved(members), t0))).toHaveLength(3);
  });

  it('takes an unhealthy member first, then one of the fullest zone', () => {
    const { resource, members } = running({ replicas: 2 });
    const broken = members.map((m) => (m.ordinal === 1 ? { ...m, health: dead('Refused') } : m));
    expect(removed(planReplicas(resource, makeObserved(broken), t0))).toEqual(['web-1 ScaleDown']);
    const crowded = members.map((m) => (m.ordinal === 1 ? { ...m, zone: 'a' } : m));
    expect(removed(planReplicas(resource, makeObserved(crowded), t0))).toEqual(['web-1 ScaleDown']);
    // Its successor may have to hold what only one of them has.
    const failing = members.map((m) => (m.ordinal === 0 ? { ...m, health: dead('Refused') } : m));
    expect(removed(planReplicas(resource, makeObserved(failing), t0))).toEqual([]);
  });

  it('waits for a pod that is leaving, and replaces one that is stuck under another name', () => {
    const { resource, members } = running();
    const leaving = members.map((m) => (m.ordinal === 2 ? { ...m, deletionAtMs: t0 } : m));
    expect(planReplicas(resource, makeObserved(leaving), t0 + 1_000)).toMatchObject({
      create: [],
      requeueAtMs: t0 + 10_000,
    });
    expect(planReplicas(resource, makeObserved(leaving), t0 + 10_000).create).toEqual([3]);
  });

  it('does not wait for a pod on a lost node, however long its grace period is', () => {
    const { resource, members } = running();
    const lost = members.map((m) =>
      m.ordinal === 2 ? { ...m, deletionAtMs: t0 + 480_000, nodeReady: false } : m,
    );
    expect(planReplicas(resource, makeObserved(lost), t0 + 1_000).create).toEqual([3]);
    // The volume of the primary has data that no other member may have.
    const claim = {
      metadata: { name: 'data' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const only = running({ replicas: 1, volumeClaimTemplates: [claim] });
    const primary = { ...only.members[0]!, deletionAtMs: t0 + 30_000, nodeReady: false };
    const observed = makeObserved([primary]);
    expect(planReplicas(only.resource, observed, t0 + 1_000).create).toEqual([]);
  });

  it('restarts a frozen primary if a failover waits for other members', () => {
    const { resource, members } = strong({}, { epoch: 2, fencing });
    const [first, ...others] = members as [Member, ...Member[]];
    const seen = [{ ...first, health: dead('Silent') }, ...others];
    const plan = (nowMs: number) => removed(planReplicas(resource, makeObserved(seen), nowMs));
    expect(plan(t0 + 29_000)).toEqual([]);
    expect(plan(t0 + 30_000)).toEqual(['web-0 Frozen']);
  });

  it('deletes a frozen former primary at once, a frozen standby later, and no member if none answers', () => {
    const { resource, members } = running();
    const frozen = members.map((m) => (m.ordinal === 2 ? { ...m, health: dead('Silent') } : m));
    expect(removed(planReplicas(resource, makeObserved(frozen), t0))).toEqual([]);
    expect(removed(planReplicas(resource, makeObserved(frozen), t0 + 30_000))).toEqual([
      'web-2 Frozen',
    ]);
    const former = frozen.map((m) =>
      m.ordinal === 2 ? { ...m, labels: { ...m.labels, [roleLabel]: 'primary' } } : m,
    );
    const plan = planReplicas(resource, makeObserved(former), t0);
    expect(removed(plan)).toEqual(['web-2 Frozen']);
    expect(plan.remove[0]?.note).toMatch(/^no answer, though others answer \(.+\): a new process/);
    const all = former.map((m) => ({ ...m, health: dead('Silent') }));
    expect(removed(planReplicas(resource, makeObserved(all), t0 + 60_000))).toEqual([]);
  });

  it('deletes no member for a silence that all members shared', () => {
    const { resource, members } = running();
    const stalled = members.map((m) => {
      const silent = dead('Silent', { sinceWallMs: t0 - 43_000 });
      const health = m.ordinal === 1 ? healthy({ sinceWallMs: t0 }) : silent;
      const labels = { ...m.labels, [roleLabel]: m.ordinal === 2 ? 'primary' : 'standby' };
      return { ...m, health, labels };
    });
    const at = (ms: number) => planReplicas(resource, makeObserved(stalled), t0 + ms);
    expect(at(1)).toMatchObject({ remove: [], requeueAtMs: t0 + 3_000 });
    expect(removed(at(3_000))).toEqual(['web-2 Frozen']);
    const reconnected = members.map((m) =>
      m.ordinal === 2 ? { ...m, health: dead('Silent', { sinceWallMs: t0 - 43_000 }) } : m,
    );
    const observed = makeObserved(reconnected, { connectedSinceMs: t0 });
    expect(removed(planReplicas(resource, observed, t0 + 29_999))).toEqual([]);
    expect(removed(planReplicas(resource, observed, t0 + 30_000))).toEqual(['web-2 Frozen']);
  });

  it('moves a member to a zone that came back: first the new one, then the surplus one, never the primary', () => {
    const { resource, members } = running();
    const crowded = members.map((m) => (m.ordinal === 2 ? { ...m, zone: 'b' } : m));
    // First it must be in the status that a move has begun: else the new pod would be taken for a surplus one.
    const intent = planReplicas(resource, makeObserved(crowded), t0);
    expect(intent).toMatchObject({ create: [], remove: [], moveStarted: true });
    const pinned = desiredPod(resource, 3, 'standby', 'c');
    expect(pinned['spec']).toMatchObject({ nodeSelector: { 'topology.kubernetes.io/zone': 'c' } });

    const moving = {
      ...resource,
      status: { ...resource.status, lastRebalanceTime: new Date(t0).toISOString() },
    };
    const begin = planReplicas(moving, makeObserved(crowded), t0 + 1);
    expect(begin).toMatchObject({ create: [3], zone: 'c', remove: [], moveStarted: false });
    const starting = makeMember(resource, 3, {
      zone: 'c',
      createdAtMs: t0,
      health: healthy({ verdict: 'Unknown' }),
    });
    expect(removed(planReplicas(moving, makeObserved([...crowded, starting]), t0 + 1))).toEqual([]);
    const arrived = makeMember(resource, 3, { zone: 'c', createdAtMs: t0 });
    expect(removed(planReplicas(moving, makeObserved([...crowded, arrived]), t0 + 2))).toEqual([
      'web-2 Rebalance',
    ]);
    const moved = [...crowded.filter(({ ordinal }) => ordinal !== 2), arrived];
    expect(planReplicas(moving, makeObserved(moved), t0 + 3)).toMatchObject({
      create: [],
      remove: [],
      moveStarted: false,
    });
  });

  it('gives up a move that does not succeed in time', () => {
    const { resource, members } = running();
    const crowded = members.map((m) => (m.ordinal === 2 ? { ...m, zone: 'b' } : m));
    const moving = {
      ...resource,
      status: { ...resource.status, lastRebalanceTime: new Date(t0).toISOString() },
    };
    const stuck = makeMember(resource, 3, {
      phase: 'Pending',
      health: healthy({ verdict: 'Unknown' }),
    });
    const observed = makeObserved([...crowded, stuck]);
    expect(removed(planReplicas(moving, observed, t0 + 120_000))).toEqual(['web-3 ScaleDown']);
  });

  it('scales down by those that have no complete copy, before one that has', () => {
    const { resource, members } = strong({ replicas: 2 });
    members[1] = led(resource, 1, { state: 'Cloning' });
    expect(removed(planReplicas(resource, makeObserved(members), t0))).toEqual(['web-1 ScaleDown']);
    members[1] = led(resource, 1, { durable: false });
    expect(removed(planReplicas(resource, makeObserved(members), t0))).toEqual(['web-1 ScaleDown']);
    members[1] = led(resource, 1, {});
    expect(removed(planReplicas(resource, makeObserved(members), t0))).toEqual(['web-2 ScaleDown']);
  });

  it('replaces outdated members one at a time, standbys first, a broken one at once', () => {
    const { resource, members } = running();
    const old = members.map((m) => ({ ...m, templateHash: 'old' }));
    expect(removed(planReplicas(resource, makeObserved(old), t0))).toEqual(['web-2 Outdated']);
    const broken = old.map((m) => (m.ordinal === 1 ? { ...m, health: dead('Refused') } : m));
    expect(removed(planReplicas(resource, makeObserved(broken), t0))).toEqual(['web-1 Outdated']);
    // But no running member during a fence: it may have data in memory that the successor needs.
    const startedAt = new Date(t0).toISOString();
    const fencing = { epoch: 2, trigger: 'Crash' as const, startedAt };
    const failing = { ...resource, status: { ...resource.status, fencing } };
    const unhealthy = old.map((m) =>
      m.ordinal === 1 ? { ...m, health: healthy({ verdict: 'Unhealthy', cause: 'BadAnswer' }) } : m,
    );
    expect(removed(planReplicas(failing, makeObserved(unhealthy), t0))).toEqual([]);
    expect(removed(planReplicas(failing, makeObserved(broken), t0))).toEqual(['web-1 Outdated']);
    const half = members.map((m) =>
      m.ordinal === 2
        ? { ...m, health: healthy({ verdict: 'Unknown' }) }
        : { ...m, templateHash: 'old' },
    );
    expect(removed(planReplicas(resource, makeObserved(half), t0))).toEqual([]);
    const last = members.map((m) => (m.ordinal === 0 ? { ...m, templateHash: 'old' } : m));
    expect(removed(planReplicas(resource, makeObserved(last), t0))).toEqual([]);
  });

  it('replaces an outdated member at once that says why it cannot start: an image or a Secret that was corrected', () => {
    const claims = [{ metadata: { name: 'data' }, spec: {} }];
    const { resource, members } = strong({ volumeClaimTemplates: claims });
    const problem = { reason: 'OtherVersion', message: 'the image has another version' };
    const outdated = (report: object, spec: object = {}, status: object = {}) =>
      removed(
        planReplicas(
          {
            ...resource,
            spec: { ...resource.spec, ...spec },
            status: { ...resource.status, ...status },
          },
          makeObserved([
            members[0]!,
            members[1]!,
            { ...led(resource, 2, report), templateHash: 'old' },
          ]),
          t0,
        ),
      );
    expect(outdated({ state: 'Starting', problem })).toEqual(['web-2 Outdated']);
    expect(outdated({ state: 'Empty', problem })).toEqual(['web-2 Outdated']);
    expect(outdated({ state: 'Starting' })).toEqual([]);
    // A fence that waits for that member must not wait for ever; but without a volume its data would go with the pod.
    const fenced = { epoch: 2, fencing };
    const waiting = { state: 'Starting', problem, position: undefined };
    expect(outdated(waiting, {}, fenced)).toEqual(['web-2 Outdated']);
    const inPod = { volumeClaimTemplates: [] };
    expect(outdated(waiting, inPod, fenced)).toEqual([]);
    expect(outdated({ state: 'Empty', problem }, inPod, fenced)).toEqual(['web-2 Outdated']);
    // A Redis that its leader was making a copy of itself has its data in memory.
    expect(outdated({ state: 'Cloning', problem }, {}, fenced)).toEqual([]);
  });

  it('deletes a pod that has ended, and makes another', () => {
    const { resource, members } = running();
    const ended = (createdAtMs: number) =>
      makeObserved(
        members.map((m) => (m.ordinal === 1 ? { ...m, phase: 'Failed', createdAtMs } : m)),
      );
    expect(removed(planReplicas(resource, ended(t0 - 10_000), t0))).toEqual(['web-1 Ended']);
    // The kubelet refuses it, and would refuse the next one.
    expect(planReplicas(resource, ended(t0 - 1_000), t0)).toMatchObject({
      ...{ create: [], remove: [], requeueAtMs: t0 + 9_000 },
    });
  });
});
