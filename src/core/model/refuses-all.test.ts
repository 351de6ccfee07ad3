import { describe, expect, it } from 'vitest';
import { highestAdopted, highestEpoch } from '../../api/epoch.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { planFailover } from '../failover/failover.ts';
import { memberDegradedReasons } from '../status/member-degraded-reasons.ts';
import type { RoleCommandState, Member, Observed, Resource } from './observed.ts';
import { refusesAll } from './refuses-all.ts';
import { dead, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const beyond = highestAdopted + 1;
/** Somebody else has fenced it. */
const fencedAway = (more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Detached',
  epoch: highestEpoch,
  ...more,
});
const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'TooHighEpoch' as const,
  startedAt: new Date(t0).toISOString(),
};
const empty = { state: 'Empty', epoch: 0, position: undefined } as Partial<MemberReport>;
const unknown = { position: undefined } as Partial<MemberReport>;
const at = (offset: number) => ({ position: { term: 1, offset } });
const fenced = (more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Detached',
  epoch: 2,
  ...more,
});
const asking = (uid: string): RoleCommandState => ({
  action: 'fence',
  uid,
  generation: 0,
  epoch: 2,
  state: 'Running',
  failures: 0,
  message: '',
  calledAtMs: t0,
  retryAtMs: 0,
});
const plan = (resource: Resource, members: Member[], more: Partial<Observed> = {}) =>
  planFailover(resource, makeObserved(members, more), t0);
const told = (resource: Resource, members: Member[]) =>
  decide(resource, makeObserved(members), t0).actions.flatMap((action) =>
    action.type === 'GiveRoleCommand'
      ? [`${action.command.action} ${action.command.member.name}`]
      : [],
  );

it('is a member that has acknowledged an epoch which is never adopted, and which the service has not reached', () => {
  const { resource } = strong();
  const refuses = (epoch: number, own?: number) => refusesAll(led(resource, 1, { epoch }), own);
  expect(refuses(highestAdopted, 1)).toBe(false);
  expect(refuses(beyond, 1)).toBe(true);
  expect(refuses(beyond)).toBe(true);
  expect(refuses(beyond, beyond)).toBe(false);
  expect(refusesAll(makeMember(resource, 1), 1)).toBe(false);
});

it('an epoch up to that is taken over, and the service goes on from it', () => {
  const { resource, members } = strong();
  members[1] = led(resource, 1, fencedAway({ epoch: highestAdopted }));
  expect(plan(resource, members)).toMatchObject({ kind: 'Elect', epoch: beyond });
});

describe('a follower that refuses all', () => {
  it.each(['Strong', 'Eventual'])(
    'delays no other member, and is reported with what frees it: %s',
    (consistency) => {
      const { resource, members } = strong({ failover: { consistency } });
      members[1] = led(resource, 1, fencedAway());
      expect(plan(resource, members)).toEqual({ kind: 'None' });
      expect(told(resource, members)).toEqual([]);
      expect(memberDegradedReasons(resource, makeObserved(members), t0)).toMatchObject([
        {
          reason: 'TooHighEpoch',
          message: expect.stringMatching(
            /^web-1 has acknowledged epoch 1000000000.*NetworkPolicy.*kubectl exec -n shop web-1 -- rm -f \/var\/lib\/postgresql\/data\/\.haservice\/state\.json` and delete the pod$/,
          ) as string,
        },
      ]);
    },
  );

  it.each([
    [{ type: 'Redis' }, 'LeaderFollower', 'rm -f /data/.haservice/state.json` and delete the pod'],
    [{ type: 'TCP', port: 1 }, 'ActivePassive', 'port, then delete the pod'],
    [
      { type: 'HTTP', dataDir: '/d' },
      'ActivePassive',
      'rm -f /d/.haservice/state.json` and delete',
    ],
    [
      { type: 'HTTP' },
      'LeaderFollower',
      'remove what the program of web-1 keeps of its epoch, and',
    ],
  ])('is freed as its epoch is kept: %j', (engine, topology, cure) => {
    const { resource } = strong({ engine, topology });
    const degradedReasons = memberDegradedReasons(
      resource,
      makeObserved([led(resource, 1, fencedAway({ state: 'Leading' }))]),
      t0,
    );
    expect(degradedReasons).toMatchObject([{ message: expect.stringContaining(cure) as string }]);
    expect(degradedReasons[0]?.message).toContain('says that it takes writes');
  });

  it('does not prevent the promotion of another member, even if it leads', () => {
    const { resource, members } = strong({ failover: { consistency: 'Eventual' } });
    members[0] = led(resource, 0, { state: 'Detached' });
    members[1] = led(resource, 1, fencedAway({ ...leading(), state: 'Leading' }));
    expect(told(resource, members)).toEqual(['promote web-0']);
  });

  it('has no failed order any more: it gets none', () => {
    const { resource, members } = strong();
    members[1] = led(resource, 1, fencedAway());
    const failed = { ...asking('uid-web-1'), action: 'follow', epoch: 1, failures: 3 } as const;
    const known = { ...resource, agentImage: 'operator' };
    const { status } = decide(known, makeObserved(members, { roleCommands: [failed] }), t0);
    const degraded = status.conditions?.find(({ type }) => type === 'Degraded');
    expect(degraded).toMatchObject({ status: 'True', reason: 'TooHighEpoch' });
    expect(degraded?.message).not.toContain('follow of web-1 failed');
  });

  /** It was fenced away, and then the primary has crashed. */
  const crashed = (first: Partial<MemberReport>, second: Partial<MemberReport>) => {
    const { resource } = strong({}, { epoch: 2, fencing: { ...fencing, trigger: 'Crash' } });
    return plan(resource, [
      makeMember(resource, 0, { health: dead('Refused') }),
      led(resource, 1, fencedAway(first)),
      led(resource, 2, fenced(second)),
    ]);
  };

  it('votes for one that holds all that it holds: it has turned its back on the old primary', () => {
    for (const offset of [100, 101]) {
      expect(crashed(at(100), at(offset))).toMatchObject({
        kind: 'Elect',
        winner: { name: 'web-2' },
        record: { fence: expect.stringContaining('Quorum: web-1, web-2') as string },
      });
    }
  });

  it('does not vote for a member with less data: it may be the only one with an acknowledged write', () => {
    expect(crashed(at(101), at(100))).toMatchObject({
      kind: 'Blocked',
      reason: 'NoCandidate',
      message: expect.stringMatching(
        /web-1 has acknowledged epoch 1000000000.*web-2 is not known to hold all that web-1 holds/,
      ) as string,
    });
  });

  it('is not needed if the others are enough', () => {
    const syncSets = [{ members: ['web-1', 'web-2', 'web-3', 'web-4'], acks: 2 }];
    const { resource } = strong({ replicas: 5 }, { epoch: 2, fencing, syncSets });
    const others = [2, 3, 4].map((ordinal) => led(resource, ordinal, fenced(at(100))));
    const ahead = led(resource, 1, fencedAway(at(101)));
    const primary = makeMember(resource, 0, { health: dead('Refused') });
    expect(plan(resource, [primary, ahead, ...others])).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-2' },
    });
  });
});

describe('a primary that refuses all', () => {
  const former = (resource: Resource, more: Partial<MemberReport> = {}) =>
    led(resource, 0, fencedAway({ ledEpoch: 1, ...more }));

  it('is replaced: Strong, by a quorum of the others', () => {
    const { resource, members } = strong();
    const { commit } = decide(resource, makeObserved([former(resource), ...members.slice(1)]), t0);
    expect(commit).toMatchObject({
      trigger: 'TooHighEpoch',
      status: { epoch: 2, fencing: { epoch: 2, from: 'web-0' } },
    });
    const begun = strong({}, { epoch: 2, fencing }).resource;
    // A write that no member has acknowledged.
    const seen = [former(begun, at(101)), ...members.slice(1)];
    expect(told(begun, seen)).toEqual(['fence web-1', 'fence web-2']);
    const roleCommands = [asking('uid-web-1'), asking('uid-web-2')];
    expect(plan(begun, seen, { roleCommands })).toMatchObject({ kind: 'Wait' });
    expect(
      plan(begun, [former(begun, at(101)), led(begun, 1, fenced()), led(begun, 2, fenced())]),
    ).toMatchObject({
      kind: 'Elect',
      epoch: 2,
      winner: { name: 'web-1' },
    });
  });

  it('is replaced, Strong, by one alone that holds all that it holds', () => {
    const { resource } = strong({}, { epoch: 2, fencing });
    const silent = makeMember(resource, 2, { health: dead('Silent') });
    const alone = (offset: number) => [
      former(resource, at(100)),
      led(resource, 1, fenced(at(offset))),
      silent,
    ];
    expect(plan(resource, alone(100))).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
    expect(plan(resource, alone(99))).toMatchObject({
      kind: 'Blocked',
      message: expect.stringContaining('web-1 is not known to hold all that web-0 holds') as string,
    });
  });

  it('is replaced, Strong, also if the quorum needs the vote of another member that refuses all orders', () => {
    const { resource } = strong({}, { epoch: 2, fencing });
    const seen = [former(resource, at(101)), led(resource, 1, fencedAway(at(100)))];
    expect(plan(resource, [...seen, led(resource, 2, fenced(at(100)))])).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-2' },
    });
  });

  it('is replaced, Strong, if it was elected and has not led yet', () => {
    const { resource, members } = strong();
    const seen = [former(resource, { ledEpoch: 0 }), ...members.slice(1)];
    expect(plan(resource, seen)).toMatchObject({ kind: 'Fence' });
  });

  it('is replaced, Strong by a lease, once it says that it takes no writes', () => {
    const spec = { topology: 'ActivePassive', engine: { type: 'HTTP' } };
    const standby = fenced({ epoch: 1, ...unknown });
    const before = strong(spec, { syncSets: [] }).resource;
    const members = (resource: Resource) => [
      former(resource, unknown),
      led(resource, 1, standby),
      led(resource, 2, standby),
    ];
    expect(plan(before, members(before))).toMatchObject({ kind: 'Fence' });
    const begun = strong(spec, { syncSets: [], epoch: 2, fencing }).resource;
    expect(plan(begun, members(begun))).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-1' },
      record: { fence: expect.stringContaining('Acknowledged') as string },
    });
  });

  it('is replaced, Eventual, by the most advanced', () => {
    const { resource } = strong({ failover: { consistency: 'Eventual' } });
    const seen = [former(resource), led(resource, 1, at(90)), led(resource, 2, at(95))];
    expect(decide(resource, makeObserved(seen), t0).commit).toMatchObject({
      trigger: 'TooHighEpoch',
      status: { epoch: 2, primary: 'web-2' },
    });
    const alone = plan(resource, [former(resource)]);
    expect(alone).toMatchObject({ kind: 'Blocked', reason: 'NoCandidate' });
  });

  it('is replaced after a stop, Eventual, although it holds the newest data', () => {
    const stopped = { stopped: true, primaryUID: 'uid-before' };
    const { resource } = strong({ failover: { consistency: 'Eventual' } }, stopped);
    const back = [1, 2].map((ordinal) => led(resource, ordinal, fenced({ epoch: 1 })));
    expect(plan(resource, [former(resource), ...back])).toMatchObject({
      kind: 'Elect',
      winner: { name: 'web-1' },
      record: { trigger: 'Stopped' },
    });
  });

  it('is replaced before anything was written', () => {
    const { resource } = strong({}, { initialized: false });
    const away = { ...empty, epoch: highestEpoch };
    const seen = [away, empty, empty].map((report, i) => led(resource, i, report));
    expect(plan(resource, seen)).toMatchObject({
      kind: 'Elect',
      epoch: 2,
      winner: { name: 'web-1' },
    });
  });
});

describe('if the status was lost', () => {
  const lost = { primary: undefined, primaryUID: undefined, epoch: undefined } as object;
  const found = (consistency: string, ...reports: Partial<MemberReport>[]) => {
    const { resource } = strong({ failover: { consistency } }, lost);
    return plan(
      resource,
      reports.map((report, i) => led(resource, i, report)),
    );
  };
  const old = (offset: number) => ({ state: 'Detached', epoch: 4, ...at(offset) }) as const;

  it.each(['Strong', 'Eventual'])(
    'a member that refuses all orders has reported, and the others continue: %s',
    (consistency) => {
      expect(found(consistency, fencedAway(at(100)), old(100), old(99))).toMatchObject({
        kind: 'Elect',
        epoch: 5,
        winner: { name: 'web-1' },
      });
    },
  );

  it('one that refuses all and holds more is passed over by Eventual alone', () => {
    const seen = [fencedAway(at(101)), old(100), old(99)];
    expect(found('Strong', ...seen)).toMatchObject({
      kind: 'Blocked',
      reason: 'NoCandidate',
      message: expect.stringContaining('web-0 has acknowledged epoch 1000000000') as string,
    });
    expect(found('Eventual', ...seen)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  });

  it('only Eventual elects another member than the last leader if positions are not known', () => {
    const led = (ledEpoch: number) =>
      ({ state: 'Detached', epoch: 4, ledEpoch, ...unknown }) as const;
    const seen = [fencedAway({ ...unknown, ledEpoch: 4 }), led(2), led(3)];
    expect(found('Strong', ...seen)).toMatchObject({ kind: 'Blocked', reason: 'NoCandidate' });
    expect(found('Eventual', ...seen)).toMatchObject({ kind: 'Elect', winner: { name: 'web-2' } });
  });

  it('no member begins without data if a member that refuses all orders has data', () => {
    for (const consistency of ['Strong', 'Eventual']) {
      expect(found(consistency, fencedAway(), empty, empty)).toMatchObject({ kind: 'Blocked' });
    }
  });
});
