import { describe, expect, it } from 'vitest';
import { roleLabel } from '../../api/labels.ts';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import { planReplicas } from '../replicas/replicas.ts';
import type { Member } from '../model/observed.ts';
import {
  dead,
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  running,
  t0,
} from '../testing/fixtures.ts';

const withHealth = (members: Member[], ordinal: number, health: Member['health']) =>
  members.map((member) => (member.ordinal === ordinal && health ? { ...member, health } : member));

describe('first election', () => {
  it('takes the lowest ordinal once all are healthy', () => {
    const resource = makeResource();
    const members = [2, 1, 0].map((ordinal) => makeMember(resource, ordinal));
    const plan = planFailover(resource, makeObserved(members), t0);
    expect(plan).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
  });

  it('waits two seconds for the others, not for ever', () => {
    const resource = makeResource();
    const members = [makeMember(resource, 2, { health: healthy({ sinceWallMs: t0 }) })];
    const observed = makeObserved(members);
    expect(planFailover(resource, observed, t0 + 100)).toMatchObject({
      kind: 'Wait',
      untilMs: t0 + 2_000,
    });
    expect(planFailover(resource, observed, t0 + 2_000)).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-2' },
    });
  });

  it('keeps the primary that is named by its label if the status was lost or edited', () => {
    const { members } = running();
    const labelled = members.map((member) => ({
      ...member,
      labels: { ...member.labels, [roleLabel]: member.ordinal === 2 ? 'primary' : 'standby' },
    }));
    const lost = planFailover(makeResource(), makeObserved(labelled), t0);
    expect(lost).toMatchObject({ kind: 'Elect', winner: { name: 'web-2' } });
    const edited = makeResource({}, { primary: 'web-9', primaryUID: 'somebody', epoch: 4 });
    expect(planFailover(edited, makeObserved(labelled), t0)).toMatchObject({
      winner: { name: 'web-2' },
      record: { epoch: 5, trigger: 'PodGone' },
    });
  });

  it('keeps out of the zone of the operator', () => {
    const resource = makeResource();
    const members = [0, 1, 2].map((ordinal) => makeMember(resource, ordinal));
    const plan = planFailover(resource, makeObserved(members, { operatorZone: 'a' }), t0);
    expect(plan).toMatchObject({ winner: { name: 'web-1' } });
  });
});

describe('failover', () => {
  it('does nothing while the primary is healthy or has missed one heartbeat', () => {
    const { resource, members } = running();
    expect(planFailover(resource, makeObserved(members), t0)).toEqual({ kind: 'None' });
    const suspect = withHealth(members, 0, healthy({ verdict: 'Suspect' }));
    expect(planFailover(resource, makeObserved(suspect), t0)).toEqual({ kind: 'None' });
  });

  it.each([
    ['Crash', dead('Refused')],
    ['Silent', dead('Silent')],
    ['Unhealthy', healthy({ verdict: 'Unhealthy', cause: 'BadAnswer' })],
  ])('elects the next healthy member on %s', (trigger, health) => {
    const { resource, members } = running();
    const plan = planFailover(resource, makeObserved(withHealth(members, 0, health)), t0);
    expect(plan).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-1' },
      record: { trigger, epoch: 2, from: 'web-0', to: 'web-1', outcome: 'Promoting' },
    });
  });

  it('elects when the pod is gone, or being deleted', () => {
    const { resource, members } = running();
    const gone = makeObserved(members.slice(1));
    expect(planFailover(resource, gone, t0)).toMatchObject({ record: { trigger: 'PodGone' } });
    const leaving = members.map((m) => (m.ordinal === 0 ? { ...m, deletionAtMs: t0 } : m));
    expect(planFailover(resource, makeObserved(leaving), t0)).toMatchObject({
      winner: { name: 'web-1' },
    });
  });

  it('says why the pod of the primary has ended, such as an eviction', () => {
    const { resource, members } = running();
    const endedFor = 'Evicted: The node was low on resource: memory';
    const [first, ...others] = members as [Member, Member, Member];
    const evicted = { ...first, phase: 'Failed', endedFor, createdAtMs: t0 - 3_600_000 };
    const observed = makeObserved([evicted, ...others]);
    expect(planFailover(resource, observed, t0)).toMatchObject({
      record: { trigger: 'PodGone', evidence: `pod web-0 has ended: Failed: ${endedFor}` },
    });
    const { remove } = planReplicas(resource, observed, t0);
    expect(remove).toMatchObject([{ reason: 'Ended', note: `phase Failed: ${endedFor}` }]);
  });

  it('does not take a pod made again under the same name for the primary', () => {
    const { resource, members } = running();
    const again = makeMember(resource, 0, { uid: 'uid-other' });
    const plan = planFailover(resource, makeObserved([again, ...members.slice(1)]), t0);
    expect(plan).toMatchObject({ kind: 'Elect', record: { trigger: 'PodGone' } });
  });

  it('does not count readiness, but health and the zone that failed', () => {
    const { resource, members } = running();
    const [first, second, third] = withHealth(members, 0, dead('Refused')) as [
      Member,
      Member,
      Member,
    ];
    const observed = makeObserved([
      first,
      { ...second, zone: 'a', ready: true },
      { ...third, ready: false },
    ]);
    expect(planFailover(resource, observed, t0)).toMatchObject({ winner: { name: 'web-2' } });
  });

  it('waits if no member can take over, and reports why each one cannot', () => {
    const { resource, members } = running();
    const all = members.map((member) => ({ ...member, health: dead('Refused') }));
    const plan = planFailover(resource, makeObserved(all), t0);
    expect(plan).toMatchObject({ kind: 'Blocked', reason: 'NoCandidate' });
    expect(JSON.stringify(plan)).toContain('web-1 nothing listens any more');
  });

  it('gives the primary failover.delay to come back', () => {
    const { resource, members } = running({ failover: { delay: '3s' } });
    const observed = makeObserved(withHealth(members, 0, dead('Refused')));
    expect(planFailover(resource, observed, t0 + 1_000)).toMatchObject({
      kind: 'Blocked',
      reason: 'Delay',
      untilMs: t0 + 3_000,
    });
    expect(planFailover(resource, observed, t0 + 3_000)).toMatchObject({ kind: 'Elect' });
  });

  it('keeps failover.minInterval between two, but lets an unfinished one go on', () => {
    const { resource, members } = running();
    const record = {
      epoch: 1,
      to: 'web-0',
      trigger: 'Crash' as const,
      startedAt: new Date(t0 - 1_000).toISOString(),
      outcome: 'Completed' as const,
    };
    const observed = makeObserved(withHealth(members, 0, dead('Refused')));
    const resting = { ...resource, status: { ...resource.status, failovers: [record] } };
    expect(planFailover(resting, observed, t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'MinInterval',
      untilMs: t0 + 4_000,
    });
    const unfinished = {
      ...resource,
      status: { ...resource.status, failovers: [{ ...record, outcome: 'Promoting' as const }] },
    };
    // Written while a clock was an hour ahead: it would be waited for that long.
    const startedAt = new Date(t0 + 3_600_000).toISOString();
    const ahead = { ...resource.status, failovers: [{ ...record, startedAt }] };
    expect(planFailover({ ...resource, status: ahead }, observed, t0).kind).toBe('Elect');
    expect(planFailover(unfinished, observed, t0)).toMatchObject({ kind: 'Elect' });
  });

  it('waits for a person if failover.automatic is false, but elects the primary again if its pod was created again', () => {
    const { resource, members } = running({ failover: { automatic: false } });
    const crashed = makeObserved(withHealth(members, 0, dead('Refused')));
    expect(planFailover(resource, crashed, t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'AutomaticFailoverDisabled',
    });
    const again = makeMember(resource, 0, { uid: 'uid-other' });
    expect(planFailover(resource, makeObserved([again, ...members.slice(1)]), t0)).toMatchObject({
      kind: 'Elect',
      winner: { uid: 'uid-other' },
    });
  });

  it('ignores silence that the operator’s own network may have caused', () => {
    const { resource, members } = running();
    const silent = withHealth(members, 0, dead('Silent'));
    const cut = makeObserved(silent, { connectedSinceMs: t0 });
    expect(planFailover(resource, cut, t0 + 1_000)).toMatchObject({ kind: 'Wait' });
    expect(planFailover(resource, cut, t0 + 3_000)).toMatchObject({ kind: 'Elect' });
    const crashed = makeObserved(withHealth(members, 0, dead('Refused')), { connectedSinceMs: t0 });
    expect(planFailover(resource, crashed, t0 + 1_000)).toMatchObject({ kind: 'Elect' });
  });

  it('ignores the silence of one member if another has only just answered again', () => {
    const { resource, members } = running();
    // A network stall of 45 s: everybody was silent, and web-1 is the first to be heard again.
    const since = { sinceWallMs: t0 - 43_000 };
    const stalled = members.map((member) => ({
      ...member,
      health:
        member.ordinal === 1
          ? healthy({ sinceWallMs: t0, healthyOrSuspectSinceWallMs: t0 })
          : dead('Silent', since),
    }));
    const observed = makeObserved(stalled);
    expect(planFailover(resource, observed, t0 + 1)).toMatchObject({
      kind: 'Wait',
      untilMs: t0 + 3_000,
    });
    expect(planFailover(resource, observed, t0 + 3_000)).toMatchObject({ kind: 'Elect' });
    // A missed beat of the witness since then makes it no worse a witness.
    const heard = withHealth(
      stalled,
      1,
      healthy({ sinceWallMs: t0, healthyOrSuspectSinceWallMs: t0 - 60_000 }),
    );
    expect(planFailover(resource, makeObserved(heard), t0 + 1)).toMatchObject({ kind: 'Elect' });
  });

  it('counts a primary without an answer to a new operator as failed after the timeout', () => {
    const { resource, members } = running();
    const unheard = withHealth(members, 0, healthy({ verdict: 'Unknown', sinceWallMs: t0 }));
    expect(planFailover(resource, makeObserved(unheard), t0 + 500)).toMatchObject({ kind: 'Wait' });
    expect(planFailover(resource, makeObserved(unheard), t0 + 2_000)).toMatchObject({
      record: { trigger: 'Silent' },
    });
  });

  it('tries another member if a promotion failed three times', () => {
    const { resource, members } = running({ engine: { type: 'HTTP', promote: { path: '/up' } } });
    const failed = (uid: string) => ({
      action: 'promote' as const,
      uid,
      generation: 0,
      epoch: 1,
      state: 'Failed' as const,
      failures: 3,
      message: 'answered 500',
      calledAtMs: t0,
      retryAtMs: t0,
    });
    const one = makeObserved(members, { roleCommands: [failed('uid-web-0')] });
    expect(planFailover(resource, one, t0)).toMatchObject({
      winner: { name: 'web-1' },
      record: { trigger: 'PromoteFailed' },
    });
    const all = makeObserved(members, { roleCommands: members.map(({ uid }) => failed(uid)) });
    expect(planFailover(resource, all, t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'PromoteFailed',
    });
  });

  it('promotes no member and repoints no Service in the pass that elects', () => {
    const { resource, members } = running({ engine: { type: 'HTTP', promote: { path: '/up' } } });
    const decision = decide(resource, makeObserved(withHealth(members, 0, dead('Refused'))), t0);
    expect(decision.actions).toEqual([]);
    expect(decision.commit?.status).toMatchObject({ primary: 'web-1', epoch: 2 });
  });

  it('changes nothing while paused', () => {
    const { resource, members } = running({ paused: true });
    const decision = decide(resource, makeObserved(withHealth(members, 0, dead('Refused'))), t0);
    expect(decision.commit).toBeUndefined();
    expect(decision.actions).toEqual([]);
    expect(decision.status.phase).toBe('Paused');
  });
});
