import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { Member, Observed } from '../model/observed.ts';
import { contractOf } from '../model/contact.ts';
import { dead, healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { report } from '../testing/led.ts';

/** A service that was Strong and is Eventual now: the pod that leads was made with a lease, and leads until that has ended. */

const status = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 3, initialized: true };
const before = makeResource({ failover: { consistency: 'Strong', leaseDuration: '60s' } });
const now = makeResource({ failover: { consistency: 'Eventual' } }, status);
const leader = makeMember(before, 0, {
  health: healthy({ report: report({ state: 'Leading', epoch: 3, ledEpoch: 3 }) }),
});
const others = [1, 2].map((n) => makeMember(now, n, { contract: contractOf(now.spec) }));
const silent = {
  ...leader,
  health: dead('Silent', { sinceWallMs: t0 - 1_000, report: leader.health!.report! }),
};

function decided(first: Member[], more: Partial<Observed>, resource = now) {
  const seen = makeObserved([...first, ...others], { writeEndpoints: ['uid-web-0'], ...more });
  const { commit, actions, status: next } = decide(resource, seen, t0);
  const to = commit?.status.primary ?? resource.status.primary;
  const isFencing = (commit?.status ?? resource.status).fencing !== undefined;
  return { commit, actions, to, isFencing, next };
}

it.each([
  ['a switchover', [leader]],
  ['its silence', [silent]],
  ['the end of its pod', []],
])('no other member is elected before its lease has ended: %s', (_what, first) => {
  const begun = decided(first, { leaseEndsInMs: 40_000 });
  expect([begun.to, begun.isFencing]).toEqual(['web-0', true]);
  const fencing = { ...now, status: begun.commit!.status };
  const waits = decided(first, { leaseEndsInMs: 30_000 }, fencing);
  expect([waits.to, waits.isFencing]).toEqual(['web-0', true]);
  const told = waits.actions.flatMap((action) =>
    action.type === 'GiveRoleCommand' ? [action.command.action] : [],
  );
  expect(told).toEqual(first.includes(leader) ? ['fence'] : []);
  const over = decided(first, { leaseEndsInMs: 0 }, fencing);
  expect([over.to, over.isFencing]).toEqual(['web-1', false]);
  expect(over.commit?.status.failovers?.[0]?.fence).toContain('Lease');
});

it('a successor is elected as soon as it says that it is fenced', () => {
  const begun = decided([leader], { leaseEndsInMs: 40_000 });
  const said = report({ state: 'Detached', epoch: 4, ledEpoch: 3 });
  const fenced = { ...leader, health: healthy({ report: said }) };
  const fencing = { ...now, status: begun.commit!.status };
  expect(decided([fenced], { leaseEndsInMs: 40_000 }, fencing).to).toBe('web-1');
});

it('nothing is waited for if the leader has no lease', () => {
  const plain = makeMember(now, 0, { contract: contractOf(now.spec), health: dead('Silent') });
  const { to, isFencing } = decided([plain], {});
  expect([to, isFencing]).toEqual(['web-1', false]);
});
