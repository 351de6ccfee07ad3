import { expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import { running, t0 } from '../testing/fixtures.ts';
import { finishRecords } from './failover-history.ts';

const { resource, members } = running();
const record: FailoverRecord = {
  ...{ epoch: 1, from: 'web-1', to: 'web-0', trigger: 'Crash', outcome: 'Completed' },
  ...{ startedAt: new Date(t0).toISOString(), evidence: 'nothing listens any more' },
};
const killed = { container: 'nginx', reason: 'OOMKilled', exitCode: 137 };
const evidenceIf = (finishedAtMs: number, failovers = [record]) => {
  const lastEnd = { ...killed, finishedAtMs, count: 1, memoryLimit: '10Mi' };
  const present = members.map((m) => (m.ordinal === 1 ? { ...m, lastEnd } : m));
  const status = { ...resource.status, failovers };
  return finishRecords({ ...resource, status }, present).failovers;
};

it('the record says how the container of the former primary ended, once, when the kubelet has told that', () => {
  const told = evidenceIf(t0 - 800);
  expect(told?.[0]?.evidence).toBe(
    'nothing listens any more; container nginx of web-1 ended at 2025-12-31T23:59:59.200Z: OOMKilled (it needs more memory than its limit of 10Mi: raise resources.limits.memory of container nginx in spec.template), exit code 137; see `kubectl logs -p web-1 -c nginx -n shop`',
  );
  expect(evidenceIf(t0 - 800, told)).toEqual(told);
});

it('an end long before has not caused the failover', () => {
  expect(evidenceIf(t0 - 60_000)).toEqual([record]);
});
