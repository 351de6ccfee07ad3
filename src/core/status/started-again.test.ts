import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
import type { Member, Resource } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';
import { Model } from '../testing/model.ts';
import { conditionOf } from './events.ts';

const database = {
  template: { spec: { containers: [{ name: 'db', image: 'db', command: ['postgres'] }] } },
  volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
};
const postgres = strong(database);
postgres.resource.agentImage = 'agent:1';
const services: [string, Resource][] = [
  ['a website', running().resource],
  ['ActiveActive', running({ topology: 'ActiveActive' }).resource],
  ['a database', postgres.resource],
];

const scaled = (resource: Resource, replicas: number, status: Status): Resource => ({
  ...resource,
  ...{ generation: resource.generation + 1, spec: { ...resource.spec, replicas }, status },
});
const next = (resource: Resource, members: Member[], atMs: number) =>
  decide(resource, makeObserved(members), atMs);
/** Stopped, without a pod, and then started. */
function started(resource: Resource): Resource {
  const { status } = next(scaled(resource, 0, resource.status), [], t0 - 60_000);
  expect(status.phase).toBe('Stopped');
  return scaled(resource, 3, { ...status, observedGeneration: 2 });
}
const unheard = (resource: Resource): Member[] =>
  [0, 1, 2].map((ordinal) =>
    makeMember(resource, ordinal, {
      ...{ uid: `new-${ordinal}`, createdAtMs: t0 },
      health: healthy({ verdict: 'Unknown', message: 'not heard yet', sinceWallMs: t0 }),
    }),
  );
const seen = ({ phase, reason, ...status }: Status) => {
  const degraded = conditionOf(status, 'Degraded');
  return [phase, reason, conditionOf(status, 'Progressing')?.status, degraded?.status];
};

describe.each(services)('%s that is started after replicas: 0', (_, resource) => {
  const subject = started(resource);
  const first = next(subject, [], t0);

  it('is Progressing, and nothing is called wrong while its members start in the usual time', () => {
    const ordinary = ['Progressing', undefined, 'True', 'False'];
    expect(seen(first.status)).toEqual(ordinary);
    const members = unheard(subject);
    let { status } = first;
    for (const atMs of [1_000, 15_000, 40_000]) {
      ({ status } = next({ ...subject, status }, members, t0 + atMs));
      // What a database waits for is told after half a minute.
      const isBlocked = conditionOf(status, 'FailoverBlocked')?.status === 'True';
      if (!isBlocked) expect(seen(status)).toEqual(ordinary);
      expect(isBlocked).toBe(resource === postgres.resource && atMs === 40_000);
    }
  });

  it('tells what lasts longer, and does not call it a start again', () => {
    const members = unheard(subject);
    const { status, requeueAtMs } = next({ ...subject, status: first.status }, members, t0 + 1_000);
    expect(requeueAtMs).toBeLessThanOrEqual(t0 + 60_000);
    const late = next({ ...subject, status }, members, t0 + 61_000).status;
    expect(late.phase).not.toBe('Progressing');
    expect(late.reason).toBeDefined();
    expect(conditionOf(late, 'Degraded')).toMatchObject({ status: 'True', reason: 'NotHeard' });
    expect(next({ ...subject, status: late }, members, t0 + 62_000).status.phase).toBe(late.phase);
  });

  it('does not hide what is known to be wrong', () => {
    const waiting = { container: 'nginx', reason: 'ErrImagePull', message: 'not found' };
    const members = unheard(subject).map((member) => ({ ...member, waiting }));
    const { status } = next({ ...subject, status: first.status }, members, t0 + 5_000);
    expect(status.phase).not.toBe('Progressing');
    expect(conditionOf(status, 'Degraded')).toMatchObject({ reason: 'ImagePullFailed' });
  });
});

it('a database whose member of before is back first waits for nobody, and names no fault of the standbys that start', () => {
  const subject = started(postgres.resource);
  const { status: begun, commit, events } = next(subject, [], t0);
  expect(commit?.status.fencing).toMatchObject({ trigger: 'Stopped' });
  expect(events.map(({ reason, note }) => `${reason}: ${note}`)).toContain(
    'StartedAgain: the service was stopped (replicas: 0) while web-0 led, and is started: web-0 is awaited, as it has the newest data (epoch 2 begins)',
  );
  const all = unheard(subject);
  const isBack = healthy({ report: report({ state: 'Detached', epoch: 2, ledEpoch: 1 }) });
  const back = [{ ...all[0]!, health: isBack }, ...all.slice(1)];
  const elected = next({ ...subject, status: begun }, back, t0 + 12_000);
  expect(elected.commit?.status).toMatchObject({ primary: 'web-0', phase: 'Progressing' });
  expect(elected.commit?.status).not.toHaveProperty('lastFailoverTime');
  const sync = { members: ['web-1', 'web-2'], acks: 1 };
  const leads = led(subject, 0, { state: 'Leading', epoch: 2, ledEpoch: 2, sync });
  const leader = { ...all[0]!, health: leads.health! };
  const observed = makeObserved([leader, ...all.slice(1)], { writeEndpoints: ['new-0'] });
  const { status } = decide({ ...subject, status: elected.status }, observed, t0 + 15_000);
  expect(conditionOf(status, 'Ready')?.status).toBe('True');
  expect(seen(status)).toEqual(['Progressing', undefined, 'True', 'False']);
});

it('a service whose primary fails in an update is not called one that starts', () => {
  const { resource, members } = running();
  const ready = { type: 'Ready', status: 'True' as const, reason: 'PrimaryReady', message: '' };
  const condition = { ...ready, lastTransitionTime: new Date(t0).toISOString() };
  const status: Status = { ...resource.status, phase: 'Progressing', conditions: [condition] };
  const all = members.map((member) => ({ ...member, health: dead('Silent') }));
  expect(next({ ...resource, status }, all, t0 + 1_000).status.phase).toBe('Unavailable');
});

it('comes up without a fault in the model, too', () => {
  const model = new Model();
  expect(model.settle()).toBe(true);
  model.spec = { replicas: 0 };
  expect(model.settle()).toBe(true);
  const phases = new Set<string>();
  model.check = () => phases.add(model.resource.status.phase ?? '');
  model.spec = { replicas: 3 };
  expect(model.settle()).toBe(true);
  expect([...phases]).toEqual(['Stopped', 'Progressing', 'Healthy']);
});
