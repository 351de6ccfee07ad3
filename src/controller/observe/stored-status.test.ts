import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HAService } from '../../api/haservice.ts';
import { type FailoverRecord, type Status, statusSchema } from '../../api/status.ts';
import { decide } from '../../core/decide.ts';
import type { Member, Observed, Resource } from '../../core/model/observed.ts';
import { healthy, makeObserved, t0 } from '../../core/testing/fixtures.ts';
import { led, leading, strong } from '../../core/testing/led.ts';
import { refusal } from '../../kube/testing/fake-api-server.ts';
import { invalidStatus } from '../reconcile/invalid.ts';
import { storedStatus } from './stored-status.ts';
import { World } from '../testing/world.ts';

const startedAt = new Date(t0 - 10_000).toISOString();
const condition = (type: string, reason: string, message: string) =>
  ({ type, status: 'True', reason, message, lastTransitionTime: startedAt }) as const;
const waits = 'the lease of web-0 must run out (failover.leaseDuration), or its end be confirmed';
const record: FailoverRecord = {
  epoch: 1,
  from: 'web-2',
  to: 'web-0',
  trigger: 'Unhealthy',
  startedAt,
  fence: 'Acknowledged: web-2 itself takes no writes since epoch 1',
  outcome: 'Completed',
};

/** Each new word in each field that can hold it. */
const today: Status = {
  primary: 'web-0',
  primaryUID: 'uid-web-0',
  epoch: 2,
  ledEpoch: 1,
  initialized: true,
  fencing: { epoch: 2, from: 'web-0', trigger: 'Unhealthy', startedAt },
  members: [
    { pod: 'web-0', uid: 'uid-web-0', role: 'primary', health: 'Unhealthy', since: startedAt },
  ],
  failovers: [record],
  conditions: [
    condition('Degraded', 'MemberUnhealthy', 'web-0 answers, but wrongly'),
    condition('FailoverBlocked', 'LeaseNotExpired', `web-0 failed (Unhealthy); ${waits}`),
    condition('Fenced', 'Acknowledged', 'web-2 itself takes no writes since epoch 1'),
  ],
};

const words = [
  ['Unhealthy', 'Sick'],
  ['LeaseNotExpired', 'LeaseRuns'],
  ['Acknowledged', 'Obeyed'],
] as const;
const swapped = <T>(value: T, from: 0 | 1, to: 0 | 1): T => {
  const text = words.reduce((json, pair) => json.replaceAll(pair[from], pair[to]), json(value));
  return JSON.parse(text) as T;
};
const json = (value: unknown) => JSON.stringify(value);
/** The status as an earlier operator stored it, and as this one does. */
const before = <T>(value: T): T => swapped(value, 0, 1);
const after = <T>(value: T): T => swapped(value, 1, 0);

/** Accepts the current words alone; the CRD also accepts the old ones. */
function expectToday(status: Status | undefined): void {
  expect(statusSchema.safeParse(status).error).toBeUndefined();
  expect(json(status)).not.toMatch(/Sick|LeaseRuns|Obeyed/);
}

describe('a status that an older operator has stored', () => {
  it('is read with the current words', () => {
    expect(statusSchema.safeParse(before(today)).success).toBe(false);
    expect(storedStatus({ status: before(today) })).toEqual(today);
    expect(storedStatus({})).toEqual({});
  });

  it('keeps all other fields, and the texts of people and programs', () => {
    const evidence = 'HTTP 500: Sick: Obeyed: LeaseRuns failed (Sick)';
    const said = { ...record, trigger: 'constructor', fence: `Lease: ${evidence}`, evidence };
    const status = { failovers: [said] } as unknown as Status;
    expect(storedStatus({ status })).toEqual(status);
    const named = condition('Degraded', 'toString', 'LeaseRuns');
    expect(storedStatus({ status: { conditions: [named] } })).toEqual({ conditions: [named] });
  });

  it('may lack any of its fields', () => {
    const { members = [], failovers = [], conditions = [], ...rest } = today;
    const crash = { ...record, trigger: 'Crash' as const, fence: 'Terminated: it has ended' };
    const { fence: _fence, ...unfenced } = crash;
    const parts = fc.record(
      {
        ...Object.fromEntries(Object.entries(rest).map(([key, part]) => [key, fc.constant(part)])),
        members: fc.subarray(members),
        failovers: fc.subarray([...failovers, crash, unfenced]),
        conditions: fc.subarray(conditions),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Status>;
    fc.assert(
      fc.property(parts, (status) => {
        expect(storedStatus({ status: before(status) })).toEqual(status);
        expect(storedStatus({ status })).toEqual(status);
      }),
    );
  });

  it('is kept with the current words also if the spec is invalid', () => {
    const object = { metadata: { generation: 2 }, status: before(today) } as HAService;
    const status = invalidStatus(object, 'spec.replicas: too few', t0);
    expectToday(status);
    expect(status).toMatchObject({ fencing: today.fencing, failovers: [record] });
  });
});

describe('an upgrade during a failover changes no decision', () => {
  const bad = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', sinceWallMs: t0 - 10_000 });
  const web = { topology: 'ActivePassive', engine: { type: 'HTTP' } };
  const fencing = { epoch: 2, state: 'Detached' } as const;
  const promoting: FailoverRecord = { ...record, epoch: 2, to: 'web-1', outcome: 'Promoting' };
  const { fencing: _fencing, ...notBegun } = today;
  const elected = { ...notBegun, failovers: [promoting, record], primary: 'web-1' };

  /** A primary that answers wrongly, and two followers. */
  const scene = (
    spec: object,
    status: Status,
    followers: (resource: Resource) => Member[],
    more: Partial<Observed> = {},
  ) => {
    const { resource, members } = strong(spec, status);
    const [first] = members as [Member];
    const seen = makeObserved([{ ...first, health: bad }, ...followers(resource)], more);
    const at = (stored: Status) => decide({ ...resource, status: stored }, seen, t0);
    const stored = before(resource.status);
    return { old: at(stored), now: at(storedStatus({ status: stored })) };
  };
  const standbys = (resource: Resource) => [led(resource, 1, fencing), led(resource, 2, fencing)];
  const following = (resource: Resource) => [led(resource, 1, {}), led(resource, 2, {})];

  it.each([
    ['a fence that is proved by a quorum', () => scene({}, today, standbys), 'web-1'],
    ['a fence without its quorum yet', () => scene({}, today, following), undefined],
    [
      'a lease that has not ended',
      () => scene(web, today, standbys, { leaseEndsInMs: 900 }),
      undefined,
    ],
    ['a lease that has ended', () => scene(web, today, standbys, { leaseEndsInMs: 0 }), 'web-1'],
    ['an election that is committed', () => promotion(), undefined],
    ['a failover that is due', () => scene({}, notBegun, following), 'web-0'],
  ])('%s', (_name, decided, primary) => {
    const { old, now } = decided();
    const { events: _old, ...expected } = old;
    const { events: _now, ...actual } = now;
    expect(JSON.parse(json(actual))).toEqual(after(expected));
    expect(now.commit?.status.primary).toBe(primary);
    expectToday(now.status);
    if (now.commit !== undefined) expectToday(now.commit.status);
  });

  /** The successor has its order, and leads. */
  const promotion = () =>
    scene({}, { ...elected, primaryUID: 'uid-web-1', ledEpoch: 2 }, (resource) => [
      led(resource, 1, leading({ epoch: 2, ledEpoch: 2, leader: 'web-1' })),
      led(resource, 2, fencing),
    ]);

  it('and the same reason causes no second Event', () => {
    const waiting = scene(web, today, standbys, { leaseEndsInMs: 900 });
    expect(waiting.now.status.conditions).toContainEqual(
      expect.objectContaining({
        reason: 'LeaseNotExpired',
        message: today.conditions?.[1]?.message,
      }),
    );
    const blocked = ({ events }: typeof waiting.now) =>
      events.filter(({ reason }) => reason === 'FailoverBlocked');
    expect(blocked(waiting.now)).toEqual([]);
  });
});

describe('a new operator, with an API server that accepts the current words alone', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.close());

  it('completes the failover of the last operator, and leaves none of the old words', async () => {
    const until = (done: () => boolean) => world.cluster.until(done);
    world.apply('web');
    await until(() => world.healthy());
    await world.stopOperator();
    const stored = world.cluster.get('haservices', 'web')!;
    const failovers = [{ ...record, epoch: 2, outcome: 'Promoting' }, record];
    const web1 = world.status().members?.[1]?.uid;
    const inFlight = { ...world.status(), epoch: 2, primary: 'web-1', primaryUID: web1, failovers };
    world.cluster.put('haservices', { ...stored, status: before(inFlight) });
    const refused: unknown[] = [];
    world.cluster.refuse = (write, { status }) => {
      if (write !== 'PUT haservices/web/status') return undefined;
      const { error } = statusSchema.safeParse(status);
      if (error === undefined) return undefined;
      refused.push(error.issues);
      return { code: 422, body: refusal(422, 'Invalid') };
    };
    world.startOperator();
    await until(() => world.status().failovers?.[0]?.outcome === 'Completed' || refused.length > 0);
    expect(refused).toEqual([]);
    expectToday(world.status());
    expect(world.behind('web')).toEqual(['web-1']);
    // And a failover of its own, followed by the records of the last operator.
    world.programs.get('web-1')?.kill();
    await until(() => world.status().epoch === 3 || refused.length > 0);
    expect(refused).toEqual([]);
    expect(world.status().failovers).toHaveLength(3);
    expectToday(world.status());
    // A status without changes is written again, too: users see no old words, and the API server accepts changes of the spec.
    await until(() => world.status().failovers?.[0]?.outcome === 'Completed');
    const quiet = world.cluster.get('haservices', 'web')!;
    world.cluster.put('haservices', { ...quiet, status: before(world.status()) });
    await until(() => !json(world.status()).includes('Sick'));
    expectToday(world.status());
  });
});

describe('experiments of another shape', () => {
  const experiment = {
    ...{ id: 3, phase: 'Injecting', cause: 'Request', action: 'PodKill', seed: 1, why: '' },
    ...{ hits: [], objective: '2m', startsAt: '2026-01-01T00:00:00Z' },
  };
  const stored = (chaos: object) => storedStatus({ status: { chaos } }).chaos;

  it('are kept if they have the shape of the schema', () => {
    expect(stored({ count: 3, experiment })).toEqual({ count: 3, experiment });
  });

  it.each([
    ['an unknown phase', { ...experiment, phase: 'Later' }],
    ['no hits', { ...experiment, hits: undefined }],
    ['a time that no clock has', { ...experiment, injectedAt: '2026-01-01T00:00:00+99:99' }],
  ])('are left out: %s', (_, wrong) => {
    const chaos = { count: 3, suspended: true, experiment: wrong, history: [wrong] };
    expect(stored(chaos)).toEqual({ count: 3, suspended: true, history: [] });
  });

  it('do not make the operator forget those of the right shape', () => {
    const chaos = { count: 3, experiment, history: [{ id: 0 }], summary: { experiments: 'many' } };
    expect(stored(chaos)).toEqual({ count: 3, experiment, history: [] });
  });
});
