import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../api/chaos-status.ts';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
import { led, strong } from '../testing/led.ts';
import { notesOf } from './events.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import {
  dead,
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  running,
  t0,
} from '../testing/fixtures.ts';

const after = (resource: Resource, members: Member[], more: Partial<Observed> = {}) =>
  decide(resource, makeObserved(members, { writeEndpoints: ['uid-web-0'], ...more }), t0).status;
const condition = (status: Status, type: string) =>
  status.conditions?.find((entry) => entry.type === type);
const short = (status: Status) =>
  status.conditions?.map(({ type, status: is, reason }) => `${type} ${is} ${reason}`);
const unheard = healthy({ verdict: 'Unknown', message: 'not heard yet', sinceWallMs: t0 });

describe('the status', () => {
  it('keeps the lease of the primary while its pod is gone', () => {
    const spec = { engine: { type: 'TCP' }, failover: { consistency: 'Strong' } };
    const { resource, members } = running(spec);
    const leased = members.map((member) => ({ ...member, leaseMs: 96_000 }));
    const status = after(resource, leased);
    expect(status.primaryLeaseMs).toBe(96_000);
    const later = after({ ...resource, status }, leased.slice(1));
    expect(later.primaryLeaseMs).toBe(96_000);
  });

  it('keeps that lease also if the spec needs none any more: while the leader is fenced, waited for, or stopped', () => {
    const spec = { engine: { type: 'TCP' } };
    const fencing = { epoch: 2, trigger: 'PodGone' as const, startedAt: '2026-01-01T00:00:00Z' };
    const delayed = { ...spec, failover: { delay: '60s' } };
    const kept = (of: object, state: Partial<Status> = {}, gone = true) => {
      const { resource, members } = running(of);
      const leased = [{ ...members[0]!, leaseMs: 96_000 }];
      const seen = gone ? members.slice(1) : [...leased, ...members.slice(1)];
      const status = { ...resource.status, primaryLeaseMs: 96_000, ...state };
      const more = { writeEndpoints: ['uid-web-0'], leaseEndsInMs: 50_000 };
      const { commit, status: next } = decide(
        { ...resource, status },
        makeObserved(seen, more),
        t0,
      );
      return (commit?.status ?? next).primaryLeaseMs;
    };
    expect(kept(spec)).toBe(96_000);
    expect(kept(spec, { epoch: 2, fencing })).toBe(96_000);
    expect(kept(delayed)).toBe(96_000);
    expect(kept({ ...spec, replicas: 0 }, {}, false)).toBe(96_000);
    expect(kept({ ...spec, replicas: 0 }, { stopped: true })).toBe(96_000);
    // Another leader, which needs none.
    expect(kept(spec, { primaryUID: 'uid-web-1', primary: 'web-1' })).toBeUndefined();
  });

  it('of a healthy service', () => {
    const { resource, members } = running();
    const status = after(resource, members);
    expect(status).toMatchObject({
      observedGeneration: 1,
      phase: 'Healthy',
      ready: '3/3',
      replicas: 3,
      readyReplicas: 3,
      selector: 'haservice.dev/name=web',
      primary: 'web-0',
    });
    expect(short(status)).toEqual([
      'Ready True PrimaryReady',
      'Progressing False Stable',
      'Degraded False AllHealthy',
      'FailoverBlocked False NotNeeded',
    ]);
    expect(status.members).toEqual(
      members.map((member) => ({
        pod: member.name,
        uid: member.uid,
        role: member.ordinal === 0 ? 'primary' : 'standby',
        zone: member.zone,
        node: member.node,
        health: 'Healthy',
        since: new Date(t0 - 60_000).toISOString(),
      })),
    );
  });

  it('says of each member that may not lead by which entry of failover.neverPrimary', () => {
    const failover = { neverPrimary: { zones: ['b'], ordinals: [2] } };
    const entries = (spec: object) => {
      const { resource, members } = running({ failover, ...spec });
      return after(resource, members).members?.map(({ neverPrimary }) => neverPrimary);
    };
    expect(entries({})).toEqual([undefined, 'zone b', 'ordinal 2']);
    // There is no primary.
    expect(entries({ topology: 'ActiveActive' })).toEqual([undefined, undefined, undefined]);
  });

  it('of one that cannot start before a person corrects something is Failed, and names the reason', () => {
    const resource = makeResource();
    const waiting = { container: 'nginx', reason: 'ErrImagePull', message: 'not found' };
    const members = [0, 1, 2].map((n) => makeMember(resource, n, { health: unheard, waiting }));
    expect(after(resource, members)).toMatchObject({ phase: 'Failed', reason: 'ImagePullFailed' });
  });

  it('names the most urgent reason of now, and none if all is well', () => {
    const { resource, members } = running();
    const broken = members.map((m) => (m.ordinal === 1 ? { ...m, health: dead('Refused') } : m));
    const status = after(resource, broken);
    expect(status.reason).toBe('MemberDead');
    expect(after({ ...resource, status }, members).reason).toBeUndefined();
  });

  it('says of members that answer and do not count why they do not', () => {
    const { resource, members } = strong();
    const unlinked = members.map((m) =>
      m.ordinal === 0 ? m : led(resource, m.ordinal, { linked: false }),
    );
    const status = after(resource, unlinked);
    expect(status.ready).toBe('1/3');
    expect(status.members?.map(({ message }) => message)).toEqual([
      undefined,
      'answers, but has no link to web-0',
      'answers, but has no link to web-0',
    ]);
  });

  it('says Fenced as long as the former primary is there and has not been seen in the new epoch', () => {
    const { resource, members } = strong();
    const record: FailoverRecord = {
      ...{ epoch: 2, from: 'web-1', to: 'web-0', trigger: 'Crash', outcome: 'Completed' },
      ...{ startedAt: new Date(t0).toISOString(), fence: 'Quorum: web-2 follows nobody else' },
    };
    const failedOver = {
      ...resource,
      status: { ...resource.status, epoch: 2, failovers: [record] },
    };
    const fencedIf = (former: Member | undefined) => {
      const others = members.filter(({ ordinal }) => ordinal !== 1);
      const status = after(failedOver, former === undefined ? others : [...others, former]);
      return condition(status, 'Fenced')?.status;
    };
    const silent = { ...led(resource, 1, { epoch: 1 }), createdAtMs: t0 - 1 };
    expect(fencedIf({ ...silent, health: dead('Silent') })).toBe('True');
    expect(fencedIf(silent)).toBe('True');
    expect(fencedIf({ ...led(resource, 1, { epoch: 2 }), createdAtMs: t0 - 1 })).toBe('False');
    expect(fencedIf(undefined)).toBe('False');
    expect(fencedIf({ ...silent, createdAtMs: t0 + 1 })).toBe('False');
  });

  it('of one that is only starting is not Degraded', () => {
    const resource = makeResource();
    const members = [0, 1, 2].map((ordinal) => makeMember(resource, ordinal, { health: unheard }));
    const status = after(resource, members);
    expect(status.phase).toBe('Pending');
    expect(short(status)).toEqual([
      'Ready False NoPrimary',
      'Progressing True Acting',
      'Degraded False Starting',
      'FailoverBlocked False NotNeeded',
    ]);
    expect(condition(status, 'Progressing')?.message).toBe(
      'web-0 is starting; web-1 is starting; web-2 is starting',
    );
    expect(notesOf(resource, status)).toEqual([]);
  });

  it.each<[string, object, (m: Member) => Partial<Member>, string, string]>([
    [
      'a dead standby',
      {},
      (m) => (m.ordinal === 1 ? { health: dead('Refused') } : {}),
      'Degraded',
      'True',
    ],
    ['no member well', {}, () => ({ health: dead('Refused') }), 'Unavailable', 'False'],
    ['replicas 0', { replicas: 0 }, () => ({}), 'Stopped', 'False'],
    ['paused', { paused: true }, () => ({}), 'Paused', 'True'],
  ])('with %s', (_what, spec, change, phase, ready) => {
    const { resource, members } = running(spec);
    const status = after(
      resource,
      members.map((member) => ({ ...member, ...change(member) })),
    );
    expect(status.phase).toBe(phase);
    expect(condition(status, 'Ready')?.status).toBe(ready);
  });

  it('says since when: a condition by its status, a member by its health', () => {
    const { resource, members } = running();
    const first = after(resource, members);
    const later = decide(
      { ...resource, status: first, generation: 2 },
      makeObserved(members, { writeEndpoints: ['uid-web-0'] }),
      t0 + 5_000,
    ).status;
    expect(condition(later, 'Ready')).toMatchObject({
      observedGeneration: 2,
      lastTransitionTime: new Date(t0).toISOString(),
    });
    const crashed = members.map((member) =>
      member.ordinal === 0
        ? { ...member, health: dead('Refused', { sinceWallMs: t0 + 7_000 }) }
        : member,
    );
    const alone = { ...resource, status: first, spec: { ...resource.spec, paused: true } };
    const down = decide(alone, makeObserved(crashed), t0 + 7_001).status;
    expect(condition(down, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PrimaryDown',
      lastTransitionTime: new Date(t0 + 7_001).toISOString(),
    });
    expect(down.members?.[0]).toMatchObject({
      health: 'Dead',
      since: new Date(t0 + 7_000).toISOString(),
      message: 'nothing listens any more',
    });
  });

  it('of ActiveActive has no fence: an update goes on, though the topology was changed while a fence ran', () => {
    const { resource } = running({ topology: 'ActiveActive' });
    const fencing = { epoch: 2, from: 'web-0', trigger: 'Silent' as const, startedAt: '' };
    const fenced = { ...resource, status: { ...resource.status, fencing, stopped: true } };
    const members = [0, 1, 2].map((n) => makeMember(fenced, n, { templateHash: 'old' }));
    const status = after(fenced, members);
    expect(Object.keys(status)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(fencing|stopped|primary)$/)]),
    );
    const { actions } = decide({ ...fenced, status }, makeObserved(members), t0 + 1_000);
    expect(actions.map(({ type }) => type)).toContain('DeletePod');
  });

  it('names why nobody takes writes rather than that members are missing', () => {
    const { resource, members } = running();
    const gone = after(resource, members.slice(1));
    expect(short(gone)).toContain('Degraded True MembersMissing');
    expect(gone.reason).toBe('Promoting');
  });

  it('names the node of a member that a drain takes away', () => {
    const { resource, members } = running();
    const leavesNode = 'its node node-c is cordoned';
    const going = members.map((m) =>
      m.ordinal === 2 ? { ...m, deletionAtMs: t0, leavesNode } : m,
    );
    expect(condition(after(resource, going), 'Degraded')?.message).toBe(
      '2 of 3 members are healthy; web-2 is being deleted, and its node node-c is cordoned',
    );
  });

  it('stays as it is when decided again', () => {
    const { resource, members } = running();
    const status = after(resource, members);
    expect(after({ ...resource, status }, members)).toEqual(status);
  });
});

describe('Events', () => {
  const reasons = (resource: Resource, status: Status) =>
    notesOf(resource, status).map(({ type, reason }) => `${type} ${reason}`);

  it('tell of an election with its evidence, and of the pod', () => {
    const { resource, members } = running();
    const crashed = members.map((m) => (m.ordinal === 0 ? { ...m, health: dead('Refused') } : m));
    const { events } = decide(resource, makeObserved(crashed), t0);
    expect(events[0]).toEqual({
      type: 'Warning',
      reason: 'FailoverStarted',
      action: 'Elect',
      note: 'web-1 becomes primary in epoch 2 after web-0 (Crash): what was heard',
      pod: 'web-1',
    });
  });

  it('tell that an experiment has caused an election', () => {
    const { resource, members } = running();
    const experiment = { id: 7, phase: 'Recovering', hits: [{ uid: 'uid-web-0' }] } as Experiment;
    const hit = { ...resource, status: { ...resource.status, chaos: { experiment } } };
    const crashed = members.map((m) => (m.ordinal === 0 ? { ...m, health: dead('Refused') } : m));
    const { events } = decide(hit, makeObserved(crashed), t0);
    expect(events.find(({ action }) => action === 'Elect')?.note).toContain(
      'after web-0 (Crash, by experiment 7): what was heard',
    );
  });

  it('tell of a pause and its end', () => {
    const { resource, members } = running({ paused: true });
    const paused = after(resource, members);
    expect(reasons(resource, paused)).toContain('Normal Paused');
    const resumed = { ...running().resource, status: paused };
    expect(reasons(resumed, after(resumed, members))).toContain('Normal Resumed');
  });
});
