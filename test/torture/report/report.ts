import type { ExperimentVerdict } from '../../../src/api/chaos-status.ts';
import { percentile } from '../../framework/statistics.ts';
import type { StaleReads } from '../history/reads.ts';
import type { FaultName } from '../nemesis/fault-names.ts';
import { type RunResult, failuresOf } from './run-result.ts';

interface Milliseconds {
  p50: number;
  p99: number;
  max: number;
}

interface Figures {
  runs: number;
  /** Number of writes. */
  acknowledged: number;
  lost: number;
  dualPrimary: number;
  /** Number of runs. */
  notConverged: number;
  /** The longest time without an acknowledged write, over all runs. */
  unavailableMs: Milliseconds;
}

export interface Report extends Figures {
  /** Figures of the runs with this fault, alone or with another. */
  perFault: Partial<Record<FaultName, Figures>>;
  engine: string;
  consistency: string;
  seed: number;
  staleReads: StaleReads;
  /** How many experiments had each verdict. */
  experiments: Partial<Record<ExperimentVerdict, number>>;
  /** Each can be repeated with --seed SEED --runs 1. */
  failing: (Pick<RunResult, 'seed' | 'faults' | 'notes' | 'examples'> & { why: string[] })[];
}

export function reportOf(
  runs: readonly RunResult[],
  options: { engine: string; consistency: string; seed: number },
): Report {
  const names = [...new Set(runs.flatMap(({ faults }) => faults))].sort();
  const isStrong = options.consistency === 'Strong';
  return {
    ...figuresOf(runs),
    perFault: Object.fromEntries(
      names.map((name) => [name, figuresOf(runs.filter(({ faults }) => faults.includes(name)))]),
    ),
    ...options,
    staleReads: {
      byPrimary: sum(runs, ({ staleReads }) => staleReads.byPrimary),
      byOther: sum(runs, ({ staleReads }) => staleReads.byOther),
      unacknowledged: sum(runs, ({ staleReads }) => staleReads.unacknowledged),
    },
    experiments: countBy(runs.flatMap(({ verdicts }) => verdicts)),
    failing: runs.flatMap((run) => {
      const why = failuresOf(run, isStrong);
      const { seed, faults, notes, examples } = run;
      return why.length === 0 ? [] : [{ seed, faults, why, notes, examples }];
    }),
  };
}

function figuresOf(runs: readonly RunResult[]): Figures {
  const gaps = runs.map(({ unavailableMs }) => unavailableMs);
  const at = (percent: number) => Math.round(percentile(gaps, percent) ?? 0);
  return {
    runs: runs.length,
    acknowledged: sum(runs, ({ acknowledged }) => acknowledged),
    lost: sum(runs, ({ lost }) => lost),
    dualPrimary: sum(runs, ({ dualPrimary }) => dualPrimary),
    notConverged: runs.filter(({ notConverged }) => notConverged !== undefined).length,
    unavailableMs: { p50: at(50), p99: at(99), max: at(100) },
  };
}

function countBy<T extends string>(words: readonly T[]): Partial<Record<T, number>> {
  const counts: Partial<Record<T, number>> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

const sum = (runs: readonly RunResult[], of: (run: RunResult) => number) =>
  runs.reduce((total, run) => total + of(run), 0);
