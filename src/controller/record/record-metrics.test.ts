import { beforeEach, expect, it } from 'vitest';
import { type HAService, apiVersion, kind } from '../../api/haservice.ts';
import type { ExperimentRecord } from '../../api/chaos-status.ts';
import type { FailoverRecord } from '../../api/status.ts';
import { makeObserved, makeResource } from '../../core/testing/fixtures.ts';
import { silentLog } from '../../lib/log.ts';
import { countExperiments, countFailover, logFailover, recordMetrics } from './record-metrics.ts';

let told: string[];
beforeEach(() => {
  told = [];
});
const metrics = {
  setService: () => {},
  expectExperiments: ({ name }: { name: string }) => void told.push(`expects ${name}`),
  forgetService: () => {},
  failover: (_service: object, trigger: string) => void told.push(trigger),
  experiment: (_service: object, verdict: string, ms?: number) =>
    void told.push(`${verdict} ${ms}`),
  failoverPhase: (phase: string, ms: number) => void told.push(`${phase} ${ms}`),
};

const running: FailoverRecord = {
  epoch: 2,
  from: 'web-0',
  to: 'web-1',
  trigger: 'Crash',
  startedAt: '2026-01-01T00:00:00Z',
  detectMs: 3,
  outcome: 'Promoting',
};
const complete: FailoverRecord = { ...running, electMs: 4, totalMs: 9, outcome: 'Completed' };
const measured: FailoverRecord = { ...complete, firstSuccessMs: 20, gapMs: 32 };

function count(before: FailoverRecord[], after: FailoverRecord[]): string[] {
  told = [];
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid' };
  const object = { apiVersion, kind, metadata, spec: {}, status: { failovers: before } };
  countFailover(metrics, object as unknown as HAService, { failovers: after });
  return told;
}

it('counts a failover when it is complete, and the first answer when it is known: each once', () => {
  expect(count([], [running])).toEqual([]);
  expect(count([running], [complete])).toEqual(['Crash', 'detect 3', 'elect 4', 'total 9']);
  expect(count([complete], [complete])).toEqual([]);
  expect(count([complete], [measured])).toEqual(['firstSuccess 20']);
  expect(count([measured], [measured])).toEqual([]);
});

it('logs the end of a failover in one line, once', () => {
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid' };
  const lines: [object, string][] = [];
  const log = { ...silentLog, info: (...line: [object, string]) => void lines.push(line) };
  for (const [before, after] of [
    [running, running],
    [running, complete],
    [complete, measured],
  ]) {
    const status = { failovers: [before] };
    const object = { apiVersion, kind, metadata, spec: {}, status } as unknown as HAService;
    logFailover(log, object, { failovers: [after!] });
  }
  expect(lines).toEqual([
    [
      expect.objectContaining({ from: 'web-0', to: 'web-1', reason: 'Crash', totalMs: 9 }),
      'failover completed: web-1 takes writes instead of web-0 (Crash), 9 ms after the verdict',
    ],
  ]);
});

it('counts all of it at once if the first answer was there before the status was written', () => {
  const all = ['Crash', 'detect 3', 'elect 4', 'firstSuccess 20', 'total 9'];
  expect(count([running], [measured])).toEqual(all);
});

it('counts nothing of a failover that another one has overtaken', () => {
  const next = { ...running, epoch: 3 };
  expect(count([running], [next, { ...running, outcome: 'Superseded' }])).toEqual([]);
});

it('counts each experiment once, also one that ends after a later one was refused', () => {
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid' };
  const record = (id: number, verdict: string) => ({ id, verdict }) as ExperimentRecord;
  const countAfter = (before: ExperimentRecord[], after: ExperimentRecord[]) => {
    told = [];
    const object = { apiVersion, kind, metadata, spec: {}, status: { chaos: { history: before } } };
    countExperiments(metrics, object as unknown as HAService, { chaos: { history: after } });
    return told;
  };
  const refused = record(2, 'Refused');
  expect(countAfter([], [refused])).toEqual(['Refused undefined']);
  expect(countAfter([refused], [record(1, 'Failed'), refused])).toEqual(['Failed undefined']);
  expect(countAfter([refused], [refused])).toEqual([]);
});

it('expects experiments with a service that has chaos, and with no other', () => {
  recordMetrics(metrics, makeResource(), makeObserved([]), {});
  expect(told).toEqual([]);
  recordMetrics(metrics, makeResource({ chaos: {} }), makeObserved([]), {});
  expect(told).toEqual(['expects web']);
});
