import { describe, expect, it } from 'vitest';
import type { ChaosRefusal } from '../../api/chaos-reasons.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { ChaosService } from '../testing/chaos.ts';
import { dead, healthy, makeMember, t0 } from '../testing/fixtures.ts';

const now = new Date(t0).toISOString();

/** The record of an experiment that was asked for now. */
function ask(service: ChaosService) {
  service.request(now);
  service.decide(t0);
  return service.last ?? { verdict: 'Begun', ...service.chaos.experiment };
}

const quick = (service: ChaosService, ordinal: number, more: object) => {
  service.members[ordinal] = makeMember(service.resource, ordinal, more);
};

/** Redis in Strong: web-0 leads, the others follow; one of them acknowledges each write. */
function redis(chaos: object = {}, spec: object = {}) {
  const service = new ChaosService(chaos, {
    topology: 'LeaderFollower',
    engine: { type: 'Redis' },
    failover: { consistency: 'Strong' },
    ports: [{ port: 6379 }],
    ...spec,
  });
  const resource = { ...service.resource, agentImage: 'operator' };
  service.resource = resource;
  resource.status = {
    ...resource.status,
    initialized: true,
    ledEpoch: 1,
    syncSets: [{ members: ['web-1', 'web-2'], acks: 1, revision: 1 }],
  };
  service.members = [0, 1, 2].map((i) => led(service, i));
  return service;
}

function led(service: ChaosService, ordinal: number, more: Partial<MemberReport> = {}) {
  const report: MemberReport = {
    epoch: 1,
    state: ordinal === 0 ? 'Leading' : 'Following',
    position: { term: 1, offset: 100 },
    ...(ordinal === 0
      ? { sync: { members: ['web-1', 'web-2'], acks: 1, revision: 1 } }
      : { leader: 'web-0', linked: true }),
    ...more,
  } as MemberReport;
  return makeMember(service.resource, ordinal, { health: healthy({ report }) });
}

const failover = (secondsAgo: number) => ({
  epoch: 1,
  to: 'web-0',
  trigger: 'Crash' as const,
  startedAt: new Date(t0 - secondsAgo * 1_000).toISOString(),
  outcome: 'Completed' as const,
});

type Case = [ChaosRefusal, string, () => ChaosService];

const cases: Case[] = [
  ['Paused', 'paused', () => new ChaosService({}, { paused: true })],
  ['Suspended', 'suspend is true', () => new ChaosService({ suspend: true })],
  ['TooFewReplicas', 'replicas is 1', () => new ChaosService({}, { replicas: 1 })],
  ...(
    [
      [
        'ChaosDisabled',
        'stops all',
        { limits: { enabled: false, maxExperiments: 3, maxExperimentsPerZone: 1 } },
      ],
      ['SettingsUnknown', 'has not been read yet', { limits: undefined }],
      [
        'SettingsUnknown',
        'no number; that ConfigMap may stop',
        { limits: undefined, settingsProblem: 'chaos.maxExperiments is no number' },
      ],
      ['SettingsUnknown', 'labels of namespaces', { isOptedOut: undefined }],
      ['OptedOut', 'namespace shop', { isOptedOut: true }],
      [
        'ScheduleInvalid',
        'no minute',
        { schedule: { problem: { reason: 'ScheduleInvalid', message: 'no minute' } } },
      ],
      ['Blackout', 'the holidays', { schedule: { blackout: { text: 'the holidays' } } }],
      ['TooManyExperiments', 'chaos.maxExperiments is 3', { others: [['x'], ['y'], ['z']] }],
    ] as [ChaosRefusal, string, object][]
  ).map(([reason, words, view]): Case => [
    reason,
    words,
    () => {
      const service = new ChaosService();
      service.view = { ...service.view, ...view };
      return service;
    },
  ]),
  [
    'TooManyExperiments',
    'in zone a: 1',
    () => {
      const service = new ChaosService({ target: { member: 'web-0' } });
      service.view.others = [['a']];
      return service;
    },
  ],
  [
    'FailoverRunning',
    'being made primary',
    () => {
      const service = new ChaosService();
      service.resource.status.failovers = [{ ...failover(1), outcome: 'Promoting' }];
      service.more = { writeEndpoints: [], roleCommands: [] };
      service.resource.spec.engine = { ...service.resource.spec.engine, type: 'HTTP' };
      return service;
    },
  ],
  [
    'FailoverBackoff',
    'the last failover began',
    () => {
      const service = new ChaosService();
      service.resource.status.failovers = [failover(2)];
      return service;
    },
  ],
  [
    'RolloutRunning',
    'web-2 must be replaced',
    () => {
      const service = new ChaosService();
      quick(service, 2, { templateHash: 'old' });
      return service;
    },
  ],
  [
    'MembersChanging',
    'there are 2 of 3 members',
    () => {
      const service = new ChaosService();
      service.members.pop();
      return service;
    },
  ],
  [
    'MembersChanging',
    'web-2 is being deleted',
    () => {
      const service = new ChaosService();
      quick(service, 2, { deletionAtMs: t0 + 1_000 });
      return service;
    },
  ],
  [
    'CloneRunning',
    'web-2 is still being made a copy',
    () => {
      const service = redis();
      service.members[2] = led(service, 2, { state: 'Cloning' });
      return service;
    },
  ],
  [
    'NotSteady',
    'web-2',
    () => {
      const service = new ChaosService();
      quick(service, 2, { health: dead('Refused') });
      return service;
    },
  ],
  [
    'NotSteady',
    'bytes behind',
    () => {
      const service = redis();
      service.members[0] = led(service, 0, { position: { term: 1, offset: 10_000_000 } });
      return service;
    },
  ],
  ['NoTarget', 'web-0 in zone a', () => new ChaosService({ target: { member: 'web-9' } })],
  ['NoTarget', 'in zone x', () => new ChaosService({ target: { zone: 'x' } })],
  [
    'NoTarget',
    'chaos.amount is 3',
    () => new ChaosService({ target: { role: 'Standby' }, amount: 3 }),
  ],
  ['PodsTooYoung', 'minPodAge (1h)', () => new ChaosService({ minPodAge: '1h' })],
  [
    'OptedOut',
    'web-1, web-2 have the label',
    () => {
      const service = new ChaosService({ target: { role: 'Standby' } });
      for (const i of [1, 2]) quick(service, i, { isOptedOut: true });
      return service;
    },
  ],
  ['TooFewHealthy', 'minHealthy needs 3', () => new ChaosService({ minHealthy: 3 })],
  ['TooFewHealthy', 'minHealthy needs 3', () => new ChaosService({ minHealthy: '70%' })],
  ['TooFewHealthy', 'minHealthy needs 1', () => new ChaosService({ amount: 3, minHealthy: 0 })],
  ['BudgetExhausted', 'disruptionBudget is 1', () => new ChaosService({ amount: 2 })],
  [
    'QuorumAtRisk',
    'too few to acknowledge writes',
    () =>
      redis(
        { target: { role: 'Standby' }, amount: 2 },
        { placement: { disruptionBudget: 2 }, failover: { consistency: 'Strong' } },
      ),
  ],
  [
    'QuorumAtRisk',
    'to prove that web-0 takes no writes',
    () => {
      const chaos = { action: 'ZoneKill', target: { zone: 'a' }, minHealthy: 2 };
      const placement = { disruptionBudget: 3 };
      const service = redis(chaos, { replicas: 5, placement });
      const sync = { members: ['web-1', 'web-2', 'web-3', 'web-4'], acks: 2, revision: 1 };
      service.resource.status.syncSets = [sync];
      service.members = [0, 1, 2, 3, 4].map((i) => {
        const zone = i < 3 ? 'a' : 'b';
        return { ...led(service, i, i === 0 ? { sync } : {}), zone };
      });
      service.more = { zones: [] };
      return service;
    },
  ],
  [
    'LastCopy',
    'no complete and durable copy',
    () => {
      const service = redis({ target: { role: 'Primary' } });
      for (const i of [1, 2]) service.members[i] = led(service, i, { durable: false });
      return service;
    },
  ],
  [
    'LastCopy',
    'data in memory',
    () => {
      const service = redis({ target: { role: 'Standby' } });
      service.members[0] = led(service, 0, { durable: false });
      return service;
    },
  ],
];

describe('an experiment is refused', () => {
  it.each(cases)('%s: %s', (reason, words, make) => {
    const record = ask(make());
    expect(record).toMatchObject({ verdict: 'Refused', reason });
    expect(record).toHaveProperty('message', expect.stringContaining(words));
  });

  it.each([
    ['yesterday', 'RequestInvalid'],
    [new Date(t0 - 400_000).toISOString(), 'RequestTooOld'],
    [new Date(t0 - 4_000_000).toISOString(), 'RequestTooOld'],
  ])('on request: %s is %s, once', (value, reason) => {
    const service = new ChaosService();
    service.request(value);
    service.decide(t0);
    expect(service.last).toMatchObject({ verdict: 'Refused', reason });
    service.decide(t0 + 1);
    expect(service.chaos.history).toHaveLength(1);
  });
});

describe('an experiment begins', () => {
  it.each([
    ['website', () => new ChaosService()],
    ['website, primary', () => new ChaosService({ target: { role: 'Primary' } })],
    ['all members take traffic', () => new ChaosService({}, { topology: 'ActiveActive' })],
    ['Redis, primary', () => redis({ target: { role: 'Primary' } })],
    ['Redis, standby', () => redis({ target: { role: 'Standby' } })],
    ['a zone', () => redis({ action: 'ZoneKill', target: { zone: 'b' } })],
    ['at a limit', () => new ChaosService({ minHealthy: 2 })],
  ])('if nothing is in danger: %s', (_, make) => {
    const service = make();
    ask(service);
    expect(service.last?.message).toBeUndefined();
    expect(service.chaos.experiment).toMatchObject({ phase: 'Injecting', cause: 'Request' });
  });
});
