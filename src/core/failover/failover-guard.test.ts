import { expect, it } from 'vitest';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
import type { Member } from '../model/observed.ts';
import { dead, makeObserved, running, t0 } from '../testing/fixtures.ts';

const { resource, members } = running();
const iso = (ms: number) => new Date(ms).toISOString();
const last = (more: Partial<FailoverRecord> = {}): FailoverRecord => ({
  ...{ epoch: 1, to: 'web-0', trigger: 'Crash', outcome: 'Completed' },
  startedAt: iso(t0 - 1_000),
  ...more,
});
const decided = (
  present: Member[],
  failovers: FailoverRecord[],
  { failoverNow, afterMs = 0, status = {} }: Asked = {},
) =>
  decide(
    {
      ...resource,
      ...(failoverNow === undefined ? {} : { requests: { failoverNow } }),
      status: { ...resource.status, failovers, ...status },
    },
    makeObserved(present),
    t0 + afterMs,
  );
interface Asked {
  failoverNow?: string;
  afterMs?: number;
  status?: Status;
}

const crashed = members.map((m) => (m.ordinal === 0 ? { ...m, health: dead('Refused') } : m));
const withoutPrimary = members.slice(1);
const deleting = members.map((m) => (m.ordinal === 0 ? { ...m, deletionAtMs: t0 + 30_000 } : m));
const blockedOf = ({ status }: { status: Status }) =>
  status.conditions?.find(({ type }) => type === 'FailoverBlocked');

it('a crash soon after the last failover waits, and the message has the command that ends the wait', () => {
  const blocked = blockedOf(decided(crashed, [last()]));
  expect(blocked).toMatchObject({ status: 'True', reason: 'MinInterval' });
  expect(blocked?.message).toContain(
    '`kubectl annotate --overwrite has web -n shop haservice.dev/failover-now="$(date -Is)"`',
  );
});

it.each([
  ['by force', withoutPrimary],
  ['gracefully', deleting],
])(
  'a pod that was deleted %s is replaced at once, and the next failover does not wait for it',
  (_how, present) => {
    const { commit } = decided(present, [last()]);
    const record = commit?.status.failovers?.[0];
    expect(record).toMatchObject({ trigger: 'PodGone', podDeleted: true });
    expect(decided(crashed, [last({ ...record!, outcome: 'Completed' })]).commit).toBeDefined();
  },
);

it('a wait that has begun goes on if the pod is deleted then: the operator may have done that', () => {
  const { status } = decided(crashed, [last()]);
  const { conditions = [] } = status;
  expect(
    decided(withoutPrimary, [last()], { afterMs: 10, status: { conditions } }).commit,
  ).toBeUndefined();
});

it('the record has the wait as a phase, and the other phases without it', () => {
  const { conditions = [] } = decided(crashed, [last()]).status;
  const { commit } = decided(crashed, [last()], { afterMs: 4_100, status: { conditions } });
  const record = commit?.status.failovers?.[0];
  expect(record).toMatchObject({ startedAt: iso(t0), waitMs: 4_100 });
  const epoch = record!.epoch;
  const status = { ...commit!.status };
  const done = decide(
    { ...resource, status },
    makeObserved(members, {
      writeEndpoints: ['uid-web-1'],
      timings: {
        epoch,
        committedAtMs: t0 + 4_110,
        promotedAtMs: t0 + 4_120,
        repointedAtMs: t0 + 4_130,
        firstSuccessAtMs: t0 + 4_140,
      },
    }),
    t0 + 4_150,
  );
  expect(done.status.failovers?.[0]).toMatchObject({
    ...{ waitMs: 4_100, electMs: 10, promoteMs: 10, repointMs: 10, totalMs: 4_130, gapMs: 4_140 },
  });
});

it('a user may end the wait, once for each request', () => {
  const failoverNow = iso(t0);
  const record = decided(crashed, [last()], { failoverNow }).commit?.status.failovers?.[0];
  expect(record).toMatchObject({ trigger: 'Crash', request: failoverNow });
  const completed = last({ ...record!, outcome: 'Completed', startedAt: iso(t0 - 500) });
  const again = decided(crashed, [completed], { failoverNow });
  expect(again.commit).toBeUndefined();
  const wrong = blockedOf(decided(crashed, [last()], { failoverNow: 'now' }));
  expect(wrong?.message).toContain('failover-now=now ends no wait: this is no time stamp');
});

it('a primary that was evicted waits like one that crashed, although the operator deletes its pod', () => {
  const evicted = members.map((m) =>
    m.ordinal === 0 ? { ...m, phase: 'Failed', terminated: true, health: dead('Refused') } : m,
  );
  const deleted = ({ actions }: ReturnType<typeof decide>) =>
    actions.flatMap((action) => (action.type === 'DeletePod' ? [action.removal.member.name] : []));
  // Before anything is deleted, the status says that the failover waits: afterwards the deletion looks like one by a user.
  const first = decided(evicted, [last()], { afterMs: 3_000 });
  expect(blockedOf(first)).toMatchObject({ status: 'True', reason: 'MinInterval' });
  expect(deleted(first)).toEqual([]);
  const { status } = first;
  const second = decided(evicted, [last()], { afterMs: 3_000, status });
  expect(deleted(second)).toEqual(['web-0']);
  const third = decided(withoutPrimary, [last()], { afterMs: 3_100, status });
  expect(third.commit).toBeUndefined();
  expect(blockedOf(third)).toMatchObject({ status: 'True', reason: 'MinInterval' });
});
