import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { planFailover } from './failover.ts';
import type { RoleCommandState, Member } from '../model/observed.ts';
import { planOrders } from '../roles/orders.ts';
import { dead, healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, report, strong } from '../testing/led.ts';

/** Members whose memory is, or was, ahead of their disk. */

const redis = { engine: { type: 'Redis' } };
const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'Crash' as const,
  startedAt: new Date(t0).toISOString(),
};
const begun = () => strong(redis, { epoch: 2, fencing });
const eventual = (failover: object = {}) =>
  strong({ ...redis, failover: { consistency: 'Eventual', ...failover } });
const detached = (more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Detached',
  epoch: 2,
  ...more,
});
/** Restarted before its copy was on its disk. */
function old(resource: Parameters<typeof led>[0], ordinal: number, more: Partial<MemberReport>) {
  const { position: _lost, ...said } = report({ state: 'Detached', durable: false, ...more });
  return makeMember(resource, ordinal, { health: healthy({ report: said }) });
}
const crashed = (member: Member): Member => ({ ...member, health: dead('Refused') });
const plan = (resource: Parameters<typeof planFailover>[0], members: Member[], atMs = t0) =>
  planFailover(resource, makeObserved(members), atMs);

it('Strong: the last primary that is back with old data is not elected alone', () => {
  const { resource, members } = begun();
  const back = old(resource, 0, { epoch: 2, ledEpoch: 1 });
  const others = members.slice(1).map(crashed);
  expect(plan(resource, [back, ...others])).toMatchObject({
    kind: 'Blocked',
    reason: 'QuorumMissing',
    message: expect.stringContaining('web-0 itself must be back with its data') as string,
  });
  const follower = led(resource, 1, detached());
  expect(plan(resource, [back, follower, led(resource, 2, detached())])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
  // One that still has all of it in memory is.
  const whole = led(resource, 0, detached({ durable: false }));
  expect(plan(resource, [whole, ...others])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
  });
});

it('Strong: a member with old data has no vote, and the message says why', () => {
  const { resource, members } = begun();
  const [first] = members as [Member];
  const seen = [crashed(first), old(resource, 1, { epoch: 2 }), led(resource, 2, detached())];
  expect(plan(resource, seen)).toMatchObject({
    kind: 'Blocked',
    message: expect.stringContaining('web-1 was restarted before all that it held') as string,
  });
});

it('Strong: among the most advanced one goes first whose data survive its restart', () => {
  const { resource, members } = begun();
  const [first] = members as [Member];
  const seen = [
    crashed(first),
    led(resource, 1, detached({ durable: false })),
    led(resource, 2, detached()),
  ];
  expect(plan(resource, seen)).toMatchObject({ kind: 'Elect', winner: { name: 'web-2' } });
});

it.each([
  ['is back with less', 'Detached'],
  ['has acknowledged a late follow of the epoch before', 'Following'],
  ['is half a copy by such an order', 'Cloning'],
] as const)(
  'one that was elected and %s is not promoted: there is another failover',
  (_, state) => {
    const service = strong(redis, { epoch: 2, ledEpoch: 2 });
    const [, second, third] = service.members as [Member, Member, Member];
    const elected = old(service.resource, 0, { epoch: 1, ledEpoch: 0, state });
    const members = [elected, second, third];
    expect(plan(service.resource, members)).toMatchObject({
      kind: 'Fence',
      fencing: { trigger: 'Restarted', epoch: 3 },
    });
    const orders = planOrders(service.resource, makeObserved(members), elected, t0);
    expect(orders.commands.map(({ action }) => action)).not.toContain('promote');
  },
);

it('one that was elected and has lost its count is not promoted: there is another failover', () => {
  const service = strong(redis, { epoch: 2, ledEpoch: 2, termStart: 100 });
  const [, ...others] = service.members;
  const elected = led(service.resource, 0, { state: 'Detached', position: undefined } as object);
  const members = [elected, ...others];
  expect(plan(service.resource, members)).toMatchObject({
    kind: 'Fence',
    fencing: { trigger: 'Restarted', epoch: 3 },
  });
  const orders = planOrders(service.resource, makeObserved(members), elected, t0);
  expect(orders.commands.map(({ action }) => action)).not.toContain('promote');
  // The very process that is being promoted may not tell it meanwhile.
  const hook: RoleCommandState = {
    ...({ action: 'promote', state: 'Running' } as const),
    ...{ uid: elected.uid, epoch: 2 },
    ...{ generation: elected.health?.generation ?? 0, calledAtMs: t0 },
    ...{ failures: 0, message: '', retryAtMs: 0 },
  };
  const promoting = makeObserved(members, { roleCommands: [hook] });
  expect(planFailover(service.resource, promoting, t0).kind).toBe('None');
  const whole = led(service.resource, 0, { state: 'Detached' });
  const again = planOrders(service.resource, makeObserved([whole, ...others]), whole, t0);
  expect(again.commands.map(({ action }) => action)).toContain('promote');
});

it('Eventual: another with its data goes before the last primary that is back with old data', () => {
  const { resource, members } = eventual();
  const back = old(resource, 0, { ledEpoch: 1 });
  const third = crashed(members[2]!);
  expect(plan(resource, [back, led(resource, 1, {}), third])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
  // Neither is it elected if the others are only not reachable.
  const away = [crashed(members[1]!), third];
  expect(plan(resource, [back, ...away])).toMatchObject({ kind: 'Blocked', reason: 'NoCandidate' });
});

it('Eventual: old data are used only if no member has other data and the user allows it', () => {
  const empty = (resource: Parameters<typeof led>[0], ordinal: number) =>
    led(resource, ordinal, { state: 'Empty', position: undefined } as object);
  const careful = eventual().resource;
  const lost = (resource: typeof careful) => [
    old(resource, 0, { ledEpoch: 1 }),
    empty(resource, 1),
    empty(resource, 2),
  ];
  expect(plan(careful, lost(careful))).toMatchObject({
    kind: 'Blocked',
    message: expect.stringContaining('onNoCandidate: PromoteAnyway') as string,
  });
  const { resource } = eventual({ onNoCandidate: 'PromoteAnyway' });
  const members = lost(resource);
  expect(plan(resource, members)).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
  const elected = { ...resource, status: { ...resource.status, epoch: 2 } };
  expect(plan(elected, members)).toMatchObject({ kind: 'None' });
  const { commands } = planOrders(elected, makeObserved(members), members[0], t0);
  expect(commands[0]).toMatchObject({ action: 'promote', order: { acceptOld: true } });
});

it('a planned change waits until all that is held survives a restart', () => {
  const { resource } = strong(redis);
  const primary = { ...led(resource, 0, leading()), templateHash: 'old' };
  const seen = (durable: object) => [primary, led(resource, 1, durable), led(resource, 2, {})];
  expect(plan(resource, seen({ durable: false }))).toMatchObject({ kind: 'None' });
  expect(plan(resource, seen({}))).toMatchObject({
    kind: 'Fence',
    fencing: { trigger: 'Switchover' },
  });
});

it('a status that was lost: old data are not gone on with, nor is an empty set begun in their place', () => {
  const nameless = { primary: undefined, primaryUID: undefined, epoch: undefined } as object;
  const { resource } = strong(redis, { ...nameless, initialized: false });
  const empty = [1, 2].map((i) =>
    led(resource, i, { state: 'Empty', position: undefined } as object),
  );
  const back = old(resource, 0, { ledEpoch: 4, epoch: 4 });
  expect(plan(resource, [back, ...empty])).toMatchObject({
    kind: 'Blocked',
    reason: 'NoCandidate',
  });
  const others = [1, 2].map((i) => led(resource, i, detached({ epoch: 4, ledEpoch: 3 })));
  expect(plan(resource, [back, ...others])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
});
