import { expect, it } from 'vitest';
import { reportOf } from './report.ts';
import type { RunResult } from './run-result.ts';

const run = (more: Partial<RunResult>): RunResult => ({
  seed: 1,
  faults: ['kill'],
  notes: [],
  verdicts: ['Passed'],
  acknowledged: 10,
  lost: 0,
  dualPrimary: 0,
  invented: 0,
  staleReads: { byPrimary: 0, byOther: 0, unacknowledged: 0 },
  examples: [],
  unavailableMs: 100,
  ...more,
});
const strong = { engine: 'redis', consistency: 'Strong', seed: 1 };

it('counts over all runs, and over those of each fault', () => {
  const staleReads = { byPrimary: 0, byOther: 4, unacknowledged: 1 };
  const report = reportOf(
    [
      run({ unavailableMs: 100 }),
      run({ seed: 2, faults: ['kill', 'cut'], lost: 2, unavailableMs: 900.4, staleReads }),
      run({ seed: 3, faults: ['cut'], notConverged: 'status: Degraded', unavailableMs: 300 }),
      run({ seed: 4, faults: ['zone'], dualPrimary: 3, unavailableMs: 50, examples: ['a:7'] }),
    ],
    strong,
  );
  expect(report).toMatchObject({
    ...strong,
    runs: 4,
    acknowledged: 40,
    lost: 2,
    dualPrimary: 3,
    notConverged: 1,
    unavailableMs: { p50: 100, p99: 900, max: 900 },
    staleReads,
    experiments: { Passed: 4 },
  });
  expect(Object.keys(report.perFault)).toEqual(['cut', 'kill', 'zone']);
  expect(report.perFault.kill).toMatchObject({ runs: 2, lost: 2, notConverged: 0 });
  expect(report.perFault.cut).toMatchObject({ runs: 2, lost: 2, notConverged: 1 });
  expect(report.failing.map(({ seed, why }) => [seed, ...why])).toEqual([
    [2, '2 acknowledged and lost'],
    [3, 'not converged: status: Degraded'],
    [4, '3 acknowledged by a primary that had been replaced'],
  ]);
});

it('with Eventual a loss is counted but is no failure; a run that does not converge is one', () => {
  const runs = [run({ lost: 2, dualPrimary: 1 }), run({ seed: 2, notConverged: 'x' })];
  const report = reportOf(runs, { ...strong, consistency: 'Eventual' });
  expect(report).toMatchObject({ lost: 2, dualPrimary: 1 });
  expect(report.failing.map(({ seed }) => seed)).toEqual([2]);
});

it('any lost or invented write fails a run', () => {
  const staleReads = { byPrimary: 1, byOther: 0, unacknowledged: 0 };
  const runs = [run({ staleReads }), run({ seed: 2, invented: 1 }), run({ seed: 3 })];
  expect(reportOf(runs, strong).failing.map(({ seed }) => seed)).toEqual([1, 2]);
});
