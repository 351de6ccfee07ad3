import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
import type { Member, Resource } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';
import { Model } from '../testing/model.ts';

const degradedOf = ({ conditions = [] }: Status) => {
  const { status, reason } = conditions.find(({ type }) => type === 'Degraded') ?? {};
  return `${status} ${reason}`;
};

/** A model at rest, and all that its status says from now on, each once. */
function watched(spec: object = {}) {
  const model = new Model(spec);
  expect(model.settle()).toBe(true);
  const phases = new Set<string>();
  const degraded = new Set<string>();
  model.check = () => {
    phases.add(model.resource.status.phase ?? '');
    degraded.add(degradedOf(model.resource.status));
  };
  return { model, phases, degraded };
}

const newImage = { template: { spec: { containers: [{ name: 'nginx', image: 'v2' }] } } };
const planned = ['False AllHealthy', 'False PlannedChange'];
/** The only phases of a planned change; while the role of the primary moves, no member takes writes. */
const fine = ['Healthy', 'Progressing', 'FailingOver'];

/** A database that the agent can start. */
const withCommand = (replicas: number) => ({
  replicas,
  template: { spec: { containers: [{ name: 'db', image: 'db', command: ['postgres'] }] } },
  ports: [{ port: 5432 }],
});

describe('a planned change', () => {
  it.each([
    ['a rolling update', newImage],
    ['a scale-up', { replicas: 5 }],
    ['a scale-down', { replicas: 2 }],
  ])('is no fault: %s', (_what, change) => {
    const { model, phases, degraded } = watched();
    model.spec = change;
    expect(model.settle()).toBe(true);
    expect([...degraded].filter((each) => !planned.includes(each))).toEqual([]);
    expect([...phases].filter((phase) => !fine.includes(phase))).toEqual([]);
    expect(phases).toContain('Healthy');
    expect(model.resource.status.plannedAbsences).toBeUndefined();
  });

  it('is no fault if the program of a replaced pod ends before its deletion is seen', () => {
    const { resource, members } = running(newImage);
    const gone: Member = {
      ...members[2]!,
      ...{ templateHash: 'former', templateMeaning: '', deletionAtMs: t0 + 30_000 },
      health: dead('Refused'),
    };
    const told = (member: Member) =>
      degradedOf(decide(resource, makeObserved([...members.slice(0, 2), member]), t0).status);
    expect(told({ ...gone, isReplaced: true })).toBe('False PlannedChange');
    expect(told(gone)).toBe('True MembersMissing');
  });

  it('is told by the phase as long as it runs', () => {
    const { model, phases } = watched();
    model.spec = newImage;
    for (let i = 0; i < 4; i++) model.tick();
    phases.clear();
    for (let i = 0; i < 6; i++) model.tick();
    expect([...phases]).toEqual(['Progressing']);
    expect(model.resource.status.reason).toBeUndefined();
  });

  it('excuses nothing else: a member that dies meanwhile, or a pod that somebody deletes', () => {
    const updating = watched();
    updating.model.spec = newImage;
    while (updating.model.resource.status.plannedAbsences === undefined) updating.model.tick();
    const [standby] = updating.model.pods.filter(
      ({ uid, deletionAtMs }) =>
        deletionAtMs === undefined && uid !== updating.model.resource.status.primaryUID,
    );
    updating.model.become(standby, 'crashed');
    updating.model.tick();
    // It is outdated, too, and so it is replaced at once.
    expect(degradedOf(updating.model.resource.status)).toBe('True MembersMissing');
    expect(updating.model.resource.status.phase).toBe('Degraded');

    const still = watched();
    still.model.delete(still.model.pods[2]);
    still.model.tick();
    expect(degradedOf(still.model.resource.status)).toBe('True MembersMissing');
  });
});

describe('a member that an update has deleted', () => {
  const { resource, members } = running();
  const [primary, standby, third] = members as [Member, Member, Member];
  const at = (status: Status, seen: Member[], afterMs: number, of: Resource = resource) =>
    decide({ ...of, status }, makeObserved(seen, { writeEndpoints: ['uid-web-0'] }), t0 + afterMs);
  const before = at(resource.status, members, 0).status;
  const leaving = { ...third, templateHash: 'old', deletionAtMs: t0 + 300_000 };
  const starting = (afterMs: number): Member => ({
    ...makeMember(resource, 2, { uid: 'uid-new', createdAtMs: t0 + afterMs }),
    health: healthy({ verdict: 'Unknown', sinceWallMs: t0 + afterMs }),
    phase: 'Pending',
  });
  const gone = at(before, [primary, standby, leaving], 1_000).status;

  it('has its grace period to end, and a minute from then on to be well again', () => {
    expect(degradedOf(gone)).toBe('False PlannedChange');
    const ended = at(gone, [primary, standby], 290_000).status;
    expect(ended.plannedAbsences).toEqual([
      { pod: 'web-2', since: new Date(t0 + 290_000).toISOString() },
    ]);
    const seen = [primary, standby, starting(291_000)];
    const made = at(ended, seen, 350_999);
    expect(degradedOf(made.status)).toBe('False PlannedChange');
    expect(made.requeueAtMs).toBe(t0 + 351_000);
    const { status: late, requeueAtMs } = at(made.status, seen, 351_000);
    expect(degradedOf(late)).toBe('True MembersMissing');
    // It has had its minute: the Event comes as soon as that of any fault.
    expect(requeueAtMs).toBe(t0 + 361_000);
    expect(late.conditions?.find(({ type }) => type === 'Degraded')?.message).toContain(
      'web-2 away or is making it, and it is not well after 60 s',
    );
  });

  it('is missing if its new pod is deleted, too, whether its end is seen or not', () => {
    const ended = at(gone, [primary, standby], 290_000).status;
    const made = at(ended, [primary, standby, starting(291_000)], 292_000).status;
    expect(degradedOf(made)).toBe('False PlannedChange');
    const evicted = { ...starting(291_000), deletionAtMs: t0 + 330_000 };
    const seen = at(made, [primary, standby, evicted], 320_000).status;
    expect(degradedOf(seen)).toBe('True MembersMissing');
    expect(degradedOf(at(seen, [primary, standby], 321_000).status)).toBe('True MembersMissing');
    // One that is gone at once again and again.
    const again = at(made, [primary, standby], 349_000).status;
    expect(degradedOf(again)).toBe('False PlannedChange');
    expect(degradedOf(at(again, [primary, standby], 350_000).status)).toBe('True MembersMissing');
  });

  it('is missing if it was not well before, or while the service is paused', () => {
    const failed = { ...leaving, health: dead('Refused') };
    expect(degradedOf(at(before, [primary, standby, failed], 1_000).status)).toBe(
      'True MembersMissing',
    );
    const paused = { ...resource, spec: { ...resource.spec, paused: true } };
    expect(degradedOf(at(gone, [primary, standby], 2_000, paused).status)).toBe(
      'True MembersMissing',
    );
  });

  it('is told at once if something is known to be wrong with the new one', () => {
    const waiting = { container: 'nginx', reason: 'ErrImagePull', message: 'not found' };
    const seen = [primary, standby, { ...starting(2_000), waiting }];
    expect(degradedOf(at(gone, seen, 3_000).status)).toBe('True ImagePullFailed');
  });

  it('may be what writes wait for, and then the condition says so', () => {
    const two = strong(withCommand(2), { syncSets: [{ members: ['web-1'], acks: 1 }] });
    two.resource.agentImage = 'agent:1';
    const [leader, follower] = two.members as [Member, Member];
    const told = at(two.resource.status, [leader, follower], 0, two.resource).status;
    const away = { ...follower, templateHash: 'old', deletionAtMs: t0 + 30_000 };
    const next = at(told, [leader, away], 1_000, two.resource).status;
    expect(degradedOf(next)).toBe('False PlannedChange');
    expect(next.conditions?.find(({ type }) => type === 'Degraded')?.message).toContain(
      'writes wait: 1 of web-1 must have them',
    );
    const dying = { ...follower, health: dead('Refused') };
    const lost = at(told, [leader, dying], 1_000, two.resource).status;
    expect(degradedOf(lost)).toBe('True WritesWait');
  });
});

it('members that change their leader in a switchover are no fault, and those of a failover are', () => {
  const of = (trigger: 'Switchover' | 'Crash') => {
    const { resource, members } = strong(withCommand(3));
    resource.agentImage = 'agent:1';
    const record = {
      ...{ epoch: 1, from: 'web-2', to: 'web-0', trigger, outcome: 'Completed' as const },
      startedAt: new Date(t0 - 1_000).toISOString(),
    };
    const status = { ...resource.status, failovers: [record], observedGeneration: 1 };
    const seen = [members[0]!, members[1]!, led(resource, 2, { linked: false })];
    const observed = makeObserved(seen, { writeEndpoints: ['uid-web-0'] });
    return degradedOf(decide({ ...resource, status }, observed, t0).status);
  };
  expect(of('Switchover')).toBe('False PlannedChange');
  expect(of('Crash')).toBe('True MembersMissing');
});
