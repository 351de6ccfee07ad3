import { expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import { describeCause, failoverBackoffMs } from './failover-backoff.ts';
import { dead, makeMember, running, t0 } from '../testing/fixtures.ts';

const record = (atMs: number, trigger: FailoverRecord['trigger'] = 'Crash'): FailoverRecord => ({
  epoch: 1,
  to: 'web-1',
  trigger,
  startedAt: new Date(atMs).toISOString(),
  outcome: 'Completed',
});
/** The members of a service whose primary has failed; `missing` of the others are not back yet. */
const rest = (failovers: FailoverRecord[], missing = 1) => {
  const { resource, members } = running();
  const others = members.map((member, i) =>
    i <= missing ? makeMember(resource, i, { health: dead('Refused') }) : member,
  );
  return failoverBackoffMs({ ...resource, status: { ...resource.status, failovers } }, others);
};

it('doubles with each primary that died within a minute, up to sixteen times', () => {
  expect(rest([])).toBe(5_000);
  expect(rest([record(t0)])).toBe(5_000);
  expect(rest([record(t0), record(t0 - 30_000)])).toBe(10_000);
  expect(rest([record(t0), record(t0 - 90_000)])).toBe(5_000);
  const many = Array.from({ length: 9 }, (_, i) => record(t0 - i * 10_000));
  expect(rest(many)).toBe(80_000);
});

it('does not count what was done on purpose', () => {
  expect(rest([record(t0), record(t0 - 1_000, 'Switchover')])).toBe(5_000);
  expect(rest([record(t0), { ...record(t0 - 1_000), experiment: 1 }])).toBe(5_000);
});

it('does not count the deletion of a pod', () => {
  const byHand = Array.from({ length: 5 }, (_, i) => ({
    ...record(t0 - i * 15_000, 'PodGone'),
    podDeleted: true,
  }));
  expect(rest(byHand)).toBe(5_000);
});

it('does not double if all other members are well again: a wait would spare nothing', () => {
  const often = Array.from({ length: 8 }, (_, i) => record(t0 - i * 20_000));
  expect(rest(often, 0)).toBe(5_000);
  expect(rest(often, 1)).toBe(80_000);
});

it('calls neither a planned change nor a deleted pod a failure', () => {
  const cause = (trigger: FailoverRecord['trigger']) => describeCause({ from: 'web-0', trigger });
  expect(cause('Switchover')).toBe('web-0 gives up the role (Switchover)');
  expect(cause('PodGone')).toBe('web-0 is gone (PodGone)');
  expect(cause('Crash')).toBe('web-0 failed (Crash)');
});
