import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
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
import { strong } from '../testing/led.ts';

const after = (resource: Resource, members: Member[], more: Partial<Observed> = {}): Status =>
  decide(resource, makeObserved(members, { writeEndpoints: ['uid-web-0'], ...more }), t0).status;
const three = (resource: Resource, more: Partial<Member>) =>
  [0, 1, 2].map((ordinal) => makeMember(resource, ordinal, more));

const unheard = healthy({ verdict: 'Unknown', message: 'not heard yet', sinceWallMs: t0 });
const waiting = (reason: string) => ({ container: 'web', reason, message: '' });
const crashing = { health: unheard, waiting: waiting('CrashLoopBackOff') };

describe('the phase of a service that has never started', () => {
  it.each([
    ['ContainerNotStarting', 'CrashLoopBackOff'],
    ['ImagePullFailed', 'ErrImagePull'],
    ['ContainerConfigError', 'CreateContainerConfigError', 'secret "redis" not found'],
  ])('is Failed with %s', (reason, why, message = '') => {
    const resource = makeResource();
    const stuck = { ...waiting(why), message };
    const members = three(resource, { health: unheard, waiting: stuck });
    expect(after(resource, members)).toMatchObject({ phase: 'Failed', reason });
  });

  it('is Pending while its first primary is promoted', () => {
    const { resource, members } = running();
    const status = { ...resource.status, phase: 'Pending' as const };
    const promoting = members.map((member) => ({ ...member, labels: {} }));
    const more = { writeEndpoints: [] };
    expect(after({ ...resource, status }, promoting, more).phase).toBe('Pending');
    const healthyOnce = { ...resource.status, phase: 'Healthy' as const };
    expect(after({ ...resource, status: healthyOnce }, promoting, more).phase).toBe('FailingOver');
  });

  it('is Failed if the operator cannot tell which container is the program', () => {
    const containers = ['a', 'b'].map((name) => ({ name, image: name }));
    const resource = makeResource({
      ...{ engine: { type: 'Redis' }, ports: [{ port: 6379 }], template: { spec: { containers } } },
    });
    const status = after({ ...resource, agentImage: 'agent:1' }, []);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'ContainerAmbiguous' });
  });

  it('is Failed if its pods are refused, and that of what is only slow is Pending', () => {
    const failure = (reason: string) => ({
      failures: [{ what: 'create Pod web-0', reason, message: 'exceeded quota' }],
    });
    expect(after(makeResource(), [], failure('Forbidden')).phase).toBe('Failed');
    expect(after(makeResource(), [], failure('InternalError')).phase).toBe('Pending');
    const resource = makeResource();
    const unschedulable = three(resource, { health: unheard, unschedulable: '0/3 nodes' });
    expect(after(resource, unschedulable).phase).toBe('Pending');
  });

  it('leaves Failed by itself when the members come up', () => {
    const resource = makeResource();
    const failed = { ...resource, status: after(resource, three(resource, crashing)) };
    expect(failed.status.phase).toBe('Failed');
    const starting = after(failed, three(resource, { health: unheard }));
    expect(starting).toMatchObject({ phase: 'Pending', reason: 'NoPrimary' });
    const active = makeResource({ topology: 'ActiveActive' });
    const stuck = { ...active, status: after(active, three(active, crashing)) };
    expect(stuck.status.phase).toBe('Failed');
    expect(after(stuck, three(active, {})).phase).toBe('Healthy');
  });
});

describe('a service that has never started and gets no good answer', () => {
  const path = { type: 'HTTP', http: { path: '/wrong' } };
  const wrong = (ms: number) =>
    healthy({
      ...{ verdict: 'Unhealthy', cause: 'BadAnswer', sinceWallMs: t0 - ms },
      message: 'answers, but wrongly (HTTP 404)',
    });
  const refused = (ms: number) =>
    healthy({
      ...{ verdict: 'Unknown', cause: 'Refused', sinceWallMs: t0 - ms },
      message: 'nothing listens on port 8081 yet',
    });
  const asked = 'answers, but wrongly (HTTP 404), asked by engine.http.path: "/wrong"';

  it.each([
    ['a wrong path', { engine: path }, wrong, 'EveryMemberUnhealthy', asked],
    ['a wrong path, one member', { engine: path, replicas: 1 }, wrong, 'MemberUnhealthy', asked],
    [
      'ActiveActive',
      { engine: path, topology: 'ActiveActive' },
      wrong,
      'EveryMemberUnhealthy',
      asked,
    ],
    [
      'a wrong port',
      { engine: { type: 'HTTP', port: 8081 } },
      refused,
      'NotHeard',
      'on port 8081: nothing listens on port 8081 yet; check spec.engine.port (8081)',
    ],
  ])(
    'is Failed after a minute, and the message names the field: %s',
    (_, spec, health, reason, said) => {
      const resource = makeResource(spec);
      const seen = (ms: number) =>
        three(resource, { health: health(ms) }).slice(0, resource.spec.replicas);
      expect(after(resource, seen(59_999)).phase).toBe('Pending');
      const decision = decide(resource, makeObserved(seen(59_000)), t0);
      expect(decision.requeueAtMs).toBeLessThanOrEqual(t0 + 1_000);
      const status = after(resource, seen(60_000));
      expect(status).toMatchObject({ phase: 'Failed', reason });
      const degraded = status.conditions?.find(({ type }) => type === 'Degraded');
      expect(degraded?.message).toContain(said);
      // Another process of the operator hears the same wrong answers.
      const later = after({ ...resource, status }, seen(1_000)).phase;
      expect(later).toBe(health === wrong ? 'Failed' : 'Pending');
      const well = three(resource, {}).slice(0, resource.spec.replicas);
      expect(after({ ...resource, status }, well).phase).not.toBe('Failed');
    },
  );

  it('says that the Service leads nowhere while there is no primary', () => {
    const resource = makeResource({ engine: path });
    const { conditions } = after(resource, three(resource, { health: wrong(1_000) }));
    const { message } = conditions?.find(({ type }) => type === 'Degraded') ?? {};
    expect(message).toContain('none becomes primary and Service web leads nowhere');
    expect(message).toContain('correct engine.http.path: "/wrong", or the program');
    expect(message).not.toContain('still lead');
  });

  it('waits while one of its members has time', () => {
    const resource = makeResource({ engine: path });
    const members = three(resource, { health: wrong(90_000) });
    const seen = members.map((m) => (m.ordinal === 1 ? { ...m, health: wrong(9_000) } : m));
    expect(after(resource, seen).phase).toBe('Pending');
  });
});

it('a service whose Service belongs to somebody else is Failed, also when its members are well', () => {
  const services = {
    web: { uid: 'other', ours: false, owner: 'nobody', isAwaitingGarbageCollection: false },
  };
  for (const [{ resource, members }, phase] of [
    [running(), 'Pending'],
    [running(), 'Healthy'],
    [strong(), 'Failed'],
  ] as const) {
    const subject = { ...resource, status: { ...resource.status, phase } };
    const status = after(subject, [...members], { services });
    expect(status).toMatchObject({ phase: 'Failed', reason: 'ServiceNameConflict' });
    expect(after({ ...subject, status }, [...members]).phase).not.toBe('Failed');
  }
});

describe('the phase of a service that has led', () => {
  const { resource, members } = running();
  const down = { ...crashing, health: dead('Refused') };
  const change = (more: Partial<Member>, ...ordinals: number[]) =>
    members.map((member) => (ordinals.includes(member.ordinal) ? { ...member, ...more } : member));

  it('is Degraded if one member does not start', () => {
    const status = after(resource, change(crashing, 1));
    expect(status).toMatchObject({ phase: 'Degraded', reason: 'ContainerNotStarting' });
  });

  it('is not Failed if the primary is down for another reason than a member that does not start', () => {
    const seen = change(crashing, 1).map((m) =>
      m.ordinal === 1 ? m : { ...m, health: dead('Silent') },
    );
    expect(after(resource, seen).phase).toBe('Unavailable');
  });

  it('is not Failed if the members are silent beside a sidecar that ends again and again', () => {
    const containers = ['nginx', 'web'].map((name) => ({ name, image: name }));
    const beside = running({ template: { spec: { containers } } });
    const silent = beside.members.map((m) => ({ ...m, ...crashing, health: dead('Silent') }));
    expect(after(beside.resource, silent).phase).toBe('Unavailable');
  });

  it('is Unavailable after it was Failed, and not Pending, as it holds data', () => {
    const { resource: database, members: all } = strong({}, { phase: 'Failed' });
    const starting = all.map((member) => ({ ...member, health: unheard }));
    expect(after(database, starting).phase).toBe('Unavailable');
  });

  it('is not Failed for a fault of no member while all pods are being deleted', () => {
    const foreignPods = [{ name: 'web-7', owner: 'nobody', isAwaitingGarbageCollection: false }];
    const deleted = members.map((member) => ({ ...member, deletionAtMs: t0 + 30_000 }));
    expect(after(resource, deleted, { foreignPods }).phase).not.toBe('Failed');
  });

  it('is Failed if no member starts, names what to correct, and ends by itself', () => {
    const status = after(resource, change(down, 0, 1, 2));
    expect(status).toMatchObject({ phase: 'Failed', reason: 'ContainerNotStarting' });
    expect(after({ ...resource, status }, members).phase).toBe('Healthy');
  });

  it('is Unavailable in ActiveActive, where the phase alone tells that the service has been ready', () => {
    const active = running({ topology: 'ActiveActive' });
    const status: Status = { ...active.resource.status, phase: 'Healthy' };
    const seen = active.members.map((member) => ({ ...member, ...down }));
    expect(after({ ...active.resource, status }, seen).phase).toBe('Unavailable');
  });
});
