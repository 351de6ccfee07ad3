import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { planFailover } from './failover.ts';
import { type Member, type Observed } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';

/** Who may be elected once the former primary is back, or not all have told how far they are. */

const fencing = (trigger: 'Crash' | 'Switchover' | 'PromoteFailed') => ({
  epoch: 2,
  from: 'web-0',
  trigger,
  startedAt: new Date(t0).toISOString(),
});
const begun = (trigger: 'Crash' | 'Switchover' | 'PromoteFailed' = 'Crash') =>
  strong({}, { epoch: 2, fencing: fencing(trigger) });
const crashed = (member: Member): Member => ({ ...member, health: dead('Refused') });
const at = (offset: number, more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Detached',
  epoch: 2,
  position: { term: 1, offset },
  ...more,
});
const plan = (
  resource: Parameters<typeof planFailover>[0],
  members: Member[],
  more: Partial<Observed> = {},
) => planFailover(resource, makeObserved(members, more), t0);

it('does not pass over a former primary whose position is unknown for one follower whose position is not', () => {
  const { resource, members } = begun();
  const { position: _lost, ...restarted } = report(at(0, { ledEpoch: 1 }));
  const back = makeMember(resource, 0, { health: healthy({ report: restarted }) });
  const seen = [back, led(resource, 1, at(90)), crashed(members[2]!)];
  expect(plan(resource, seen)).toMatchObject({ kind: 'Elect', winner: { name: 'web-0' } });
  // Two followers are enough: one of them has whatever was acknowledged.
  const both = [back, led(resource, 1, at(90)), led(resource, 2, at(95))];
  expect(plan(resource, both)).toMatchObject({ kind: 'Elect', winner: { name: 'web-2' } });
});

it('hands over to no member with less data than the primary if the others have not reported their positions', () => {
  const { resource, members } = begun('Switchover');
  const former = led(resource, 0, at(100, { ledEpoch: 1 }));
  const third = crashed(members[2]!);
  expect(plan(resource, [former, led(resource, 1, at(98)), third])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
  });
  expect(plan(resource, [former, led(resource, 1, at(100)), third])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-1' },
  });
});

it('elects a member that was elected and has never led, if it is back with its data', () => {
  const { resource, members } = strong(
    {},
    { epoch: 3, ledEpoch: 2, fencing: { ...fencing('Crash'), epoch: 3 } },
  );
  const back = led(resource, 0, at(100, { epoch: 3, ledEpoch: 0 }));
  const others = members.slice(1).map(crashed);
  expect(plan(resource, [back, ...others])).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
  });
});

const hook = (uid: string, epoch: number) => ({
  action: 'promote' as const,
  uid,
  generation: 0,
  epoch,
  state: 'Failed' as const,
  failures: 3,
  message: 'disk full',
  calledAtMs: t0,
  retryAtMs: t0 + 5_000,
});

it('elects a member again that cannot be promoted if it alone holds all data, and considers the others later', () => {
  const { resource, members } = begun('PromoteFailed');
  const back = led(resource, 0, at(100));
  const behind = led(resource, 1, at(90));
  const roleCommands = [hook('uid-web-0', 1)];
  const again = plan(resource, [back, behind, crashed(members[2]!)], { roleCommands });
  expect(again).toMatchObject({
    kind: 'Elect',
    winner: { name: 'web-0' },
    record: { from: 'web-0', to: 'web-0', trigger: 'PromoteFailed' },
  });
  const record = again.kind === 'Elect' ? again.record : undefined;
  const { fencing: _ended, ...status } = resource.status;
  const tried = { ...resource, status: { ...status, failovers: record ? [record] : [] } };
  const failed = makeObserved([back, behind], { roleCommands: [hook('uid-web-0', 2)] });
  expect(planFailover(tried, failed, t0 + 1_000)).toMatchObject({
    kind: 'Blocked',
    reason: 'PromoteFailed',
    untilMs: t0 + 30_000,
  });
  expect(planFailover(tried, failed, t0 + 30_000).kind).toBe('Fence');
});

it('needs no fence if nothing was ever written', () => {
  const { resource } = strong({}, { initialized: false, epoch: 1 });
  const empty = (ordinal: number) => {
    const { position: _none, ...said } = report({ state: 'Empty', epoch: 1 });
    return makeMember(resource, ordinal, { health: healthy({ report: said }) });
  };
  const roleCommands = [hook('uid-web-0', 1)];
  expect(plan(resource, [empty(0), empty(1), empty(2)], { roleCommands })).toMatchObject({
    kind: 'Elect',
    epoch: 2,
    winner: { name: 'web-1' },
  });
});
