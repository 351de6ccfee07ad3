import { expect, it } from 'vitest';
import type { ExperimentRecord } from '../../../src/api/chaos-status.ts';
import { type Experience, figuresOf } from './figures.ts';
import { comparisonTable, experimentTable, refusalLines } from './report.ts';

const record = (id: number, more: Partial<ExperimentRecord>): ExperimentRecord => ({
  ...{ id, seed: id, why: '', objective: '30s', at: '', endedAt: '', message: '' },
  ...{ cause: 'Request', action: 'PodKill', verdict: 'Passed' },
  hits: [{ pod: `drill-${id % 3}`, uid: String(id), role: id % 2 === 0 ? 'standby' : 'primary' }],
  ...more,
});
const history = [
  record(3, { verdict: 'Failed', message: 'not recovered within 30s' }),
  record(2, {
    ...{ verdict: 'Refused', reason: 'ExperimentRunning', hits: [] },
    message: 'experiment 1 is running (Recovering)',
  }),
  record(1, {
    ...{ cause: 'Schedule', recoveryMs: 4_321 },
    ...{ injectedAt: '2026-01-01T00:00:00.100Z', failedOverAt: '2026-01-01T00:00:00.199Z' },
  }),
];

it('shows each experiment with the time of its failover, in the order in which they were due', () => {
  const table = experimentTable(history);
  expect(`\n${table}`).toMatchInlineSnapshot(`
    "
    #  cause     member           verdict                    recovery ms  failover ms
    -  --------  ---------------  -------------------------  -----------  -----------
    1  Schedule  drill-1 primary  Passed                           4,321           99
    2  Request                    Refused ExperimentRunning
    3  Request   drill-0 primary  Failed"
  `);
  expect(refusalLines(history)).toBe(
    '  #2 ExperimentRunning: experiment 1 is running (Recovering)',
  );
});

it('shows both services side by side, and says what is not known', () => {
  const experience = (more: Partial<Experience>): Experience => ({
    ...{ due: 3, refused: 1, kills: [{ pod: 'drill-1', at: 1_000 }], recoveryMs: [4_321] },
    writes: { ackedAt: [900, 1_150, 1_160, 5_000], lost: 0 },
    endedAt: 5_010,
    ...more,
  });
  const table = comparisonTable(
    figuresOf(experience({})),
    figuresOf(
      experience({ refused: undefined, writes: { ackedAt: [], lost: undefined }, recoveryMs: [] }),
    ),
  );
  expect(`\n${table}`).toMatchInlineSnapshot(`
    "
                                               drill (spec.chaos)  cron (CronJob)
    -----------------------------------------  ------------------  --------------
    times that a kill was due                                   3               3
    refused                                                     1           never
    kills                                                       1               1
    writes acknowledged                                         4               0
    acknowledged writes lost                                    0         unknown
    ms without writes after a kill, median                  3,840           4,010
    ms without writes, longest                              3,840           4,010
    ms without writes, all together                         3,990           4,010
    ms until all members are healthy, median                4,321         unknown
    ms until all members are healthy, longest               4,321         unknown
    kills that it has not recovered from                        0               1"
  `);
});
