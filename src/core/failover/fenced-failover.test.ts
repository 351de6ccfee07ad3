import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';

const crashed = (member: Member): Member => ({ ...member, health: dead('Refused') });
const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'Crash' as const,
  startedAt: new Date(t0).toISOString(),
};
const fenced = (more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Detached',
  epoch: 2,
  ...more,
});
/** The fence's epoch has landed. */
const begun = () => strong({}, { epoch: 2, fencing });

describe('Strong, with a quorum', () => {
  it('first begins an epoch, and orders nothing before that has landed', () => {
    const { resource, members } = strong();
    const [first, ...rest] = members as [Member, Member, Member];
    const decision = decide(resource, makeObserved([crashed(first), ...rest]), t0);
    expect(decision.actions).toEqual([]);
    expect(decision.commit?.status).toMatchObject({
      epoch: 2,
      primary: 'web-0',
      fencing: { epoch: 2, from: 'web-0', trigger: 'Crash' },
    });
  });

  it('then orders all members to stop following', () => {
    const { resource, members } = begun();
    const [first, ...rest] = members as [Member, Member, Member];
    const { actions } = decide(resource, makeObserved([crashed(first), ...rest]), t0);
    const commands = actions.flatMap((action) =>
      action.type === 'GiveRoleCommand' ? [action.command] : [],
    );
    expect(commands.map(({ action, member, epoch }) => [action, member.name, epoch])).toEqual([
      ['fence', 'web-1', 2],
      ['fence', 'web-2', 2],
    ]);
  });

  it('of the only member waits for that one alone, and its Event speaks of no other', () => {
    const one = { replicas: 1 };
    const syncSets = [{ members: [], acks: 0 }];
    const before = strong(one, { syncSets });
    const seen = makeObserved([crashed(before.members[0]!)]);
    const { events } = decide(before.resource, seen, t0);
    expect(events.map(({ note }) => note).join()).not.toContain('another member');
    expect(
      planFailover(strong(one, { epoch: 2, fencing, syncSets }).resource, seen, t0),
    ).toMatchObject({
      reason: 'QuorumMissing',
      message:
        'web-0 failed (Crash); no follower had to acknowledge its writes, so that web-0 itself must be back with its data',
    });
  });

  it('waits while one of two followers has not answered, and names it', () => {
    const { resource, members } = begun();
    const [first, , third] = members as [Member, Member, Member];
    const seen = [crashed(first), led(resource, 1, fenced()), crashed(third)];
    expect(planFailover(resource, makeObserved(seen), t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'QuorumMissing',
      message: expect.stringMatching(
        /2 of web-1, web-2 must stop.*only web-1 has.*web-2/,
      ) as string,
    });
  });

  it('elects the most advanced member of those that have stopped, by position and not by ordinal', () => {
    const { resource, members } = begun();
    const seen = [
      crashed(members[0]!),
      led(resource, 1, fenced()),
      led(resource, 2, fenced({ position: { term: 1, offset: 101 } })),
    ];
    const { commit } = decide(resource, makeObserved(seen), t0 + 5);
    expect(commit?.status).toMatchObject({
      primary: 'web-2',
      epoch: 2,
      ledEpoch: 2,
      termStart: 101,
      syncSets: [{ members: ['web-0', 'web-1'], acks: 1 }],
    });
    expect(commit?.status.fencing).toBeUndefined();
    const [record] = commit?.status.failovers ?? [];
    expect(record).toMatchObject({ from: 'web-0', to: 'web-2', fenceMs: 5 });
    expect(record?.fence).toContain('Quorum: web-1, web-2 do not follow it any more since epoch 2');
    expect(record?.candidates).toMatchObject([
      { pod: 'web-2', position: '1/101', chosen: true, why: 'the most advanced' },
      { pod: 'web-1', position: '1/100', chosen: false, why: '1 bytes behind web-2' },
      { pod: 'web-0', chosen: false },
    ]);
  });

  it('does not count a follower whose position cannot be compared, nor one that is silent', () => {
    const { resource, members } = begun();
    const { position: _lost, ...noPosition } = report(fenced());
    const restarted = makeMember(resource, 2, { health: healthy({ report: noPosition }) });
    const silent = makeMember(resource, 2, {
      health: { ...dead('Silent'), report: report(fenced()) },
    });
    for (const third of [restarted, silent]) {
      const seen = [crashed(members[0]!), led(resource, 1, fenced()), third];
      expect(planFailover(resource, makeObserved(seen), t0).kind).toBe('Blocked');
    }
  });

  it('elects the old primary again if it alone is back with its data', () => {
    const { resource, members } = begun();
    const back = led(resource, 0, fenced({ ledEpoch: 1 }));
    const others = members.slice(1).map(crashed);
    const { commit } = decide(resource, makeObserved([back, ...others]), t0);
    expect(commit?.status).toMatchObject({ primary: 'web-0', epoch: 2 });
    const empty = led(resource, 0, fenced({ state: 'Empty' }));
    expect(planFailover(resource, makeObserved([empty, ...others]), t0).kind).toBe('Blocked');
  });

  it('counts both sets while they are being changed', () => {
    const { resource, members } = strong(
      {},
      {
        epoch: 2,
        fencing,
        syncSets: [
          { members: ['web-1', 'web-2'], acks: 1 },
          { members: ['web-2', 'web-3'], acks: 1 },
        ],
      },
    );
    const seen = [crashed(members[0]!), led(resource, 1, fenced()), led(resource, 2, fenced())];
    expect(planFailover(resource, makeObserved(seen), t0).kind).toBe('Blocked');
    seen.push(led(resource, 3, fenced()));
    expect(planFailover(resource, makeObserved(seen), t0).kind).toBe('Elect');
  });

  it('is a failover too when the primary comes back as another process', () => {
    const { resource, members } = strong();
    const back = led(resource, 0, { state: 'Detached', ledEpoch: 1 });
    const { commit } = decide(resource, makeObserved([back, ...members.slice(1)]), t0);
    expect(commit).toMatchObject({ trigger: 'Restarted', status: { epoch: 2 } });
  });
});

describe('Strong, by a lease', () => {
  const lease = () =>
    strong({ topology: 'ActivePassive', engine: { type: 'HTTP' } }, { syncSets: [] });
  const standby = () => report({ state: 'Detached' });

  it('elects as soon as process 1 of the old primary has ended, and what it leaves behind', () => {
    const { resource, members } = lease();
    const observed = makeObserved(
      [crashed(members[0]!), makeMember(resource, 1, { health: healthy({ report: standby() }) })],
      { leaseEndsInMs: 9_000 },
    );
    const first = decide(resource, observed, t0);
    expect(first.commit?.status).toMatchObject({ primary: 'web-0', fencing: { epoch: 2 } });
    const begunNow = { ...resource, status: first.commit?.status ?? {} };
    expect(planFailover(begunNow, observed, t0)).toMatchObject({ untilMs: t0 + 100 });
    const { commit } = decide(begunNow, observed, t0 + 100);
    expect(commit?.status).toMatchObject({ primary: 'web-1', epoch: 2 });
    expect(commit?.status.failovers?.[0]?.fence).toMatch(/^Terminated: /);
  });

  it('waits for the lease also if the first primary was not seen to lead: it may have led since its order', () => {
    const { resource, members } = strong(
      { topology: 'ActivePassive', engine: { type: 'HTTP' } },
      { syncSets: [], initialized: false },
    );
    const silent = { ...members[0]!, health: dead('Silent') };
    const heard = makeMember(resource, 1, { health: healthy({ report: standby() }) });
    const observed = makeObserved([silent, heard], { leaseEndsInMs: 9_000 });
    expect(planFailover(resource, observed, t0).kind).toBe('Fence');
  });

  it('waits for the end of the lease of one that is silent', () => {
    const { resource, members } = lease();
    const silent = { ...members[0]!, health: dead('Silent') };
    const heard = makeMember(resource, 1, { health: healthy({ report: standby() }) });
    const first = decide(resource, makeObserved([silent, heard], { leaseEndsInMs: 9_000 }), t0);
    expect(first.commit?.status.fencing?.epoch).toBe(2);
    const begunNow = { ...resource, status: first.commit?.status ?? {} };
    const seen = (leaseEndsInMs: number) => makeObserved([silent, heard], { leaseEndsInMs });
    expect(planFailover(begunNow, seen(9_000), t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'LeaseNotExpired',
      untilMs: t0 + 9_000,
    });
    expect(planFailover(begunNow, seen(0), t0)).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-1' },
    });
    // Not known: never taken for an end.
    expect(planFailover(begunNow, makeObserved([silent, heard]), t0).kind).toBe('Blocked');
  });
});

describe('Eventual', () => {
  const eventual = (failover: object = {}) =>
    strong({ failover: { consistency: 'Eventual', ...failover } }, { syncSets: [] });

  it('elects the most advanced at once', () => {
    const { resource, members } = eventual();
    const ahead = led(resource, 2, { position: { term: 1, offset: 200 } });
    const seen = [crashed(members[0]!), members[1]!, ahead];
    expect(decide(resource, makeObserved(seen), t0).commit?.status).toMatchObject({
      primary: 'web-2',
      epoch: 2,
    });
  });

  it('waits if all members are further behind than maxLag, unless the spec says to promote anyway', () => {
    const last = report({ state: 'Leading', position: { term: 1, offset: 5_000_000 } });
    const seen = (resource: ReturnType<typeof eventual>['resource'], members: Member[]) =>
      makeObserved([
        makeMember(resource, 0, { health: { ...dead('Refused'), report: last } }),
        ...members.slice(1),
      ]);
    const wait = eventual();
    expect(planFailover(wait.resource, seen(wait.resource, wait.members), t0)).toMatchObject({
      kind: 'Blocked',
      reason: 'LagTooGreat',
    });
    const anyway = eventual({ onNoCandidate: 'PromoteAnyway' });
    expect(planFailover(anyway.resource, seen(anyway.resource, anyway.members), t0).kind).toBe(
      'Elect',
    );
  });

  it('takes what members held before they were to be copied from a primary that has lost all', () => {
    const lost = (failover: object = {}, ...states: MemberReport['state'][]) => {
      const { resource } = eventual(failover);
      const members = states.map((state, i) => led(resource, i, { state }));
      return planFailover(resource, makeObserved(members), t0);
    };
    const blocked = { kind: 'Blocked', reason: 'NoCandidate' };
    expect(lost({}, 'Empty', 'Cloning', 'Empty')).toMatchObject({
      ...blocked,
      message: expect.stringContaining('What web-1 held before may be old'),
    });
    const anyway = { onNoCandidate: 'PromoteAnyway' };
    expect(lost(anyway, 'Empty', 'Cloning', 'Empty')).toMatchObject({
      kind: 'Fence',
      fencing: { trigger: 'DataLost' },
    });
    expect(lost(anyway, 'Empty', 'Empty', 'Empty')).toMatchObject({
      ...blocked,
      message: expect.stringContaining('All data are lost'),
    });
    // The third may have them.
    expect(lost(anyway, 'Empty', 'Cloning')).toMatchObject(blocked);
  });
});

it('records no proof if the service has become Eventual meanwhile: it needs none, and there is none', () => {
  const { resource, members } = strong(
    { failover: { consistency: 'Eventual' } },
    { epoch: 2, fencing },
  );
  const plan = planFailover(resource, makeObserved(members.slice(1)), t0);
  expect(plan).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  expect(plan).not.toHaveProperty('record.fence');
});
