import { describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { generationOf } from '../model/role-commands.ts';
import type { RoleCommandState, Member } from '../model/observed.ts';
import { planOrders } from './orders.ts';
import { makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const ordersOf = (
  { resource, members }: ReturnType<typeof strong>,
  more: Parameters<typeof makeObserved>[1] = {},
) => {
  const primary = members.find(({ uid }) => uid === resource.status.primaryUID);
  const plan = planOrders(resource, makeObserved(members, more), primary, t0);
  return plan.commands.map(({ action, member, order }) => ({ action, to: member.name, ...order }));
};

const failed = (
  member: Member,
  action: RoleCommandState['action'],
  epoch: number,
): RoleCommandState => ({
  action,
  uid: member.uid,
  generation: generationOf(member),
  epoch,
  state: 'Failed',
  failures: 1,
  message: 'no',
  calledAtMs: t0 - 10,
  retryAtMs: t0 + 10,
});

it('gives no order if all members are in their roles', () => {
  expect(ordersOf(strong())).toEqual([]);
});

it('promotes first, and lets no member follow a primary that does not lead yet', () => {
  const service = strong();
  service.members[0] = led(service.resource, 0, { state: 'Detached' });
  service.members[1] = led(service.resource, 1, { state: 'Detached' });
  expect(ordersOf(service)).toEqual([
    {
      action: 'promote',
      to: 'web-0',
      init: false,
      sync: { members: ['web-1', 'web-2'], acks: 1 },
    },
  ]);
});

it('before the first election fences no member that leads on behind the write Service, but each other leader', () => {
  const service = strong({}, { primary: undefined, primaryUID: undefined });
  service.members[1] = led(service.resource, 1, leading({ epoch: 0, ledEpoch: 0 }));
  const fenced = (writeEndpoints: string[]) => ordersOf(service, { writeEndpoints });
  expect(fenced(['uid-web-0'])).toEqual([{ action: 'fence', to: 'web-1' }]);
  expect(fenced([]).map(({ to }) => to)).toEqual(['web-0', 'web-1']);
});

it('does not promote a member again in the epoch in which it has led: its positions may start from 0', () => {
  const service = strong();
  service.members[0] = led(service.resource, 0, { state: 'Detached', ledEpoch: 1 });
  expect(ordersOf(service)).toEqual([]);
});

it('begins with an empty data set only if there has never been one', () => {
  const service = strong({}, { initialized: false });
  service.members[0] = led(service.resource, 0, { state: 'Empty', nonce: 'run.1' });
  expect(ordersOf(service)).toMatchObject([{ action: 'promote', init: true, nonce: 'run.1' }]);
});

it('lets a member follow that is counted, and no other', () => {
  const service = strong({ replicas: 4 }, { termStart: 70 });
  service.members[1] = led(service.resource, 1, { state: 'Detached' });
  service.members.push(led(service.resource, 3, { state: 'Empty', epoch: 0 }));
  expect(ordersOf(service)).toEqual([
    {
      action: 'follow',
      to: 'web-1',
      leader: { member: 'web-0', host: '10.0.0.1', port: 80 },
      start: 70,
    },
  ]);
});

it('names the log of the leader, once it is known, and again when the leader has begun another', () => {
  const orders = (
    leader: Partial<MemberReport>,
    follower: Partial<MemberReport>,
    told?: string,
  ) => {
    const service = strong({ engine: { type: 'Redis' } });
    service.members[0] = led(service.resource, 0, leading(leader));
    const member = led(service.resource, 1, follower);
    service.members[1] = member;
    const done = { ...failed(member, 'follow', 1), state: 'Done', failures: 0 } as const;
    return ordersOf(service, {
      roleCommands: told === undefined ? [] : [{ ...done, history: told }],
    });
  };
  const known = { position: { term: 1, offset: 100, history: 'x' } };
  const unknown = { position: undefined } as unknown as Partial<MemberReport>;
  const named = [{ action: 'follow', to: 'web-1', history: 'x' }];
  expect(orders(known, { state: 'Detached' })).toMatchObject(named);
  expect(orders(unknown, { state: 'Detached' })).toEqual([]);
  expect(orders(known, known)).toEqual([]);
  expect(orders(known, known, 'x')).toEqual([]);
  expect(orders(known, known, 'w')).toMatchObject(named);
  expect(orders(known, { ...unknown, state: 'Cloning' }, 'w')).toMatchObject(named);
  // The reports of a moment ago may not show the order yet.
  expect(orders(known, unknown, 'x')).toEqual([]);
  // Another process of the operator may have given the order.
  expect(orders(known, unknown)).toMatchObject(named);
  expect(orders(known, { ...unknown, linked: false })).toEqual([]);
  expect(orders(known, { ...unknown, state: 'Cloning' })).toEqual([]);
});

it('orders the leader to use another set when the status has it, and no new member follows before', () => {
  const syncSets = [
    { members: ['web-1', 'web-2'], acks: 1 },
    { members: ['web-1', 'web-2', 'web-3'], acks: 2 },
  ];
  const service = strong({ replicas: 4 }, { syncSets });
  service.members.push(led(service.resource, 3, { state: 'Empty', epoch: 0 }));
  expect(ordersOf(service)).toMatchObject([{ action: 'promote', sync: syncSets[1] }]);
});

it('fences one that leads in an older epoch before its successor is promoted', () => {
  const service = strong({}, { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2 });
  service.members[1] = led(service.resource, 1, { state: 'Detached', epoch: 2 });
  service.members[0] = led(service.resource, 0, leading());
  expect(ordersOf(service)).toMatchObject([{ action: 'fence', to: 'web-0' }]);
  // One that refuses does not hold up its successor: it was fenced before that was elected.
  const roleCommands = [failed(service.members[0], 'fence', 2)];
  expect(ordersOf(service, { roleCommands })).toMatchObject([{ action: 'promote', to: 'web-1' }]);
  // A refusal in an older epoch is no refusal of this order.
  const old = [failed(service.members[0], 'fence', 1)];
  expect(ordersOf(service, { roleCommands: old })).toMatchObject([
    { action: 'fence', to: 'web-0' },
  ]);
});

it('does not wait for the answer of a former leader that is proved to be fenced', () => {
  const record = {
    epoch: 2,
    from: 'web-0',
    to: 'web-1',
    trigger: 'Isolated',
    startedAt: new Date(t0 - 900).toISOString(),
    outcome: 'Promoting',
  } as const;
  const asked = (more: Partial<FailoverRecord>) => {
    const service = strong(
      {},
      {
        primary: 'web-1',
        primaryUID: 'uid-web-1',
        epoch: 2,
        failovers: [{ ...record, ...more }],
      },
    );
    service.members[1] = led(service.resource, 1, { state: 'Detached', epoch: 2 });
    const running = { ...failed(service.members[0]!, 'fence', 2), state: 'Running', failures: 0 };
    return ordersOf(service, { roleCommands: [running as RoleCommandState] });
  };
  expect(asked({})).toEqual([]);
  const fence = 'Quorum: web-1, web-2 do not follow it any more since epoch 2';
  expect(asked({ fence })).toMatchObject([{ action: 'promote', to: 'web-1' }]);
  // The proof is about another member, or another epoch.
  expect(asked({ fence, from: 'web-2' })).toEqual([]);
  expect(asked({ fence, epoch: 1 })).toEqual([]);
});

it('gives an order that failed again, but not at once', () => {
  const service = strong();
  const second = led(service.resource, 1, { state: 'Detached' });
  service.members[1] = second;
  const state = failed(second, 'follow', 1);
  expect(ordersOf(service, { roleCommands: [state] })).toEqual([]);
  expect(ordersOf(service, { roleCommands: [{ ...state, retryAtMs: t0 }] })).toHaveLength(1);
  expect(ordersOf(service, { roleCommands: [{ ...state, epoch: 0 }] })).toHaveLength(1);
});

it('orders a leader to wait for no acknowledgement any more if the spec no longer says Strong', () => {
  const eventual = { failover: { consistency: 'Eventual' } };
  const asking = (status: object) => {
    const service = strong(eventual, status);
    service.members[0] = led(service.resource, 0, leading());
    return service;
  };
  // Not before the status has no sync set.
  expect(ordersOf(asking({}))).toEqual([]);
  const service = asking({ syncSets: [] });
  expect(ordersOf(service)).toEqual([{ action: 'promote', to: 'web-0', init: false }]);
});

describe('a leader that counts any replica', () => {
  const redis = { engine: { type: 'Redis' } };
  const contract = { probePort: 6379, ports: [], replicationUser: true };
  const sync = { members: ['web-1', 'web-2'], acks: 1 };

  /** web-0 leads and has told this of its replicas; the first `knowing` members know the user of replication. */
  const admitting = (knowing: number, exclusive?: boolean) => {
    const service = strong(redis);
    const told = { ...sync, ...(exclusive === undefined ? {} : { exclusive }) };
    service.members[0] = led(service.resource, 0, leading({ sync: told }));
    for (const member of service.members.slice(0, knowing)) member.contract = contract;
    return service;
  };

  it('is told to admit members alone once each of them knows the user of replication, also while it leads', () => {
    expect(ordersOf(admitting(2))).toEqual([]);
    expect(ordersOf(admitting(3))).toEqual([
      { action: 'promote', to: 'web-0', init: false, sync: { ...sync, exclusive: true } },
    ]);
    expect(ordersOf(admitting(3, true))).toEqual([]);
  });

  it('is told to admit everybody if a member of an earlier version comes: an older operator has made it', () => {
    expect(ordersOf(admitting(2, true))).toEqual([
      { action: 'promote', to: 'web-0', init: false, sync },
    ]);
  });

  it('is not freed from its acknowledgements by that, while the status has a set', () => {
    const { resource } = admitting(3, true);
    const spec = {
      ...resource.spec,
      failover: { ...resource.spec.failover, consistency: 'Eventual' as const },
    };
    const { members } = admitting(3, true);
    expect(ordersOf({ resource: { ...resource, spec }, members })).toEqual([]);
  });

  it('is named in a follow order with what its contract says of that user', () => {
    for (const knowing of [0, 1]) {
      const service = admitting(knowing);
      service.members[1] = led(service.resource, 1, { state: 'Detached' });
      const { replicationUser } = ordersOf(service)[0]?.leader ?? {};
      expect(replicationUser).toBe(knowing === 1 ? true : undefined);
    }
  });

  it('leads on meanwhile', () => {
    const { resource, members } = admitting(3);
    expect(planOrders(resource, makeObserved(members), members[0], t0).promoted).toBe(true);
  });

  it('is asked for no such thing if it counts by name', () => {
    const service = strong();
    for (const member of service.members) member.contract = contract;
    expect(ordersOf(service)).toEqual([]);
  });
});
