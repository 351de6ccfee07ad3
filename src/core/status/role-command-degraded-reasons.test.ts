import { expect, it } from 'vitest';
import type { Member, Resource, RoleCommandState } from '../model/observed.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';
import { degradedReasonsOf, nextDegradedAtMs } from './degraded-reasons.ts';
import { roleCommandDegradedReasons } from './role-command-degraded-reasons.ts';

const failed: RoleCommandState = {
  ...{ action: 'promote', uid: 'uid-web-0', generation: 0, epoch: 1, state: 'Running' },
  ...{ failures: 1, failsSinceMs: t0, message: 'answered 500', calledAtMs: t0, retryAtMs: t0 },
};
const since = (failsSinceMs: number, more: Partial<RoleCommandState>): RoleCommandState => ({
  ...failed,
  failsSinceMs,
  ...more,
});
const reasons = (
  { resource, members }: { resource: Resource; members: Member[] },
  ...roleCommands: RoleCommandState[]
) =>
  roleCommandDegradedReasons(resource, makeObserved(members, { roleCommands }), t0).map(
    ({ reason, about }) => `${reason} ${about}`,
  );
const long = t0 - 5_000;

it('reports a failing hook only while its role still applies', () => {
  expect(reasons(running(), failed)).toEqual(['PromoteFailed web-0']);
  expect(reasons(running(), { ...failed, epoch: 0 })).toEqual([]);
  expect(reasons(running(), { ...failed, uid: 'uid-web-1' })).toEqual([]);
  expect(reasons(running(), { ...failed, generation: 3 })).toEqual([]);
  expect(reasons(running(), since(long, { action: 'demote' }))).toEqual([]);
  const demote = since(long, { action: 'demote', uid: 'uid-web-1' });
  expect(reasons(running(), demote, failed)).toEqual(['PromoteFailed web-0', 'DemoteFailed web-1']);
});

it('reports a standby whose promotion has failed as often as is tried, while an update waits for a successor', () => {
  const standby = { ...failed, uid: 'uid-web-1', epoch: 0, state: 'Failed' as const };
  expect(reasons(running(), { ...standby, failures: 3 })).toEqual([]);
  const service = running();
  service.members[0] = { ...service.members[0]!, templateHash: 'old' };
  expect(reasons(service, { ...standby, failures: 2 })).toEqual([]);
  expect(reasons(service, { ...standby, failures: 3 })).toEqual(['PromoteFailed web-1']);
  // Its failures count no more, and the update rests after a change that was in vain.
  const change = { epoch: 1, from: 'web-0', to: 'web-0', trigger: 'Switchover' as const };
  const ended = { startedAt: new Date(t0 - 1_000).toISOString(), outcome: 'Completed' as const };
  expect(reasons(service, { ...standby, failures: 0 })).toEqual([]);
  service.resource.status.failovers = [{ ...change, ...ended }];
  expect(reasons(service, { ...standby, failures: 0 })).toEqual(['PromoteFailed web-1']);
});

it.each(['fence', 'follow', 'demote'] as const)(
  'reports a failing %s when it has failed for longer than an ordinary failover takes',
  (action) => {
    const service = strong();
    service.members[1] = led(service.resource, 1, leading());
    const command = (failsSinceMs: number) => since(failsSinceMs, { action, uid: 'uid-web-1' });
    expect(reasons(service, command(long + 1))).toEqual([]);
    expect(reasons(service, command(long))).toHaveLength(1);
    const observed = makeObserved(service.members, { roleCommands: [command(t0 - 1_000)] });
    expect(nextDegradedAtMs(service.resource, observed, t0)).toBe(t0 + 4_000);
  },
);

it('reports of a member that has died that it is dead, and not that it obeys no order', () => {
  const { resource, members } = strong({}, { epoch: 2, failovers: [] });
  const fencing = { epoch: 2, from: 'web-0', trigger: 'Crash' as const, startedAt: '2025-01-01' };
  const failingOver = { ...resource, status: { ...resource.status, fencing } };
  const fence = since(t0 - 60_000, { action: 'fence', uid: 'uid-web-1', epoch: 2 });
  const found = (health: Member['health']) =>
    degradedReasonsOf(
      failingOver,
      makeObserved(
        members.map((member) => (member.ordinal === 1 ? { ...member, health: health! } : member)),
        { roleCommands: [fence] },
      ),
      t0,
    )
      .map(({ reason }) => reason)
      .filter((reason) => reason !== 'AgentImageUnknown');
  const report = led(resource, 1, {}).health?.report;
  expect(found(dead('Silent', { report: report! }))).toEqual(['MemberDead']);
  expect(found(healthy({ report: report! }))).toEqual(['FenceFailed']);
});
