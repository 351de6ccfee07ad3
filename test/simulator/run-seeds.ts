import { type Counts, describeCounts } from './experiment-counts.ts';
import { mutantOf } from './plants.ts';
import { play } from './scenario.ts';
import type { Engine } from './setups.ts';

export interface SeedsOptions {
  engine: Engine;
  from: number;
  seeds: number;
  /** Ends after this time. */
  seconds: number;
  /** Name of a mutant. */
  mutant?: string | undefined;
  /** Names of the faults to choose from. Default: all. */
  faultNames?: readonly string[] | undefined;
}

export interface Broken {
  seed: number;
  violation: string;
}

export interface Totals {
  played: number;
  seconds: number;
  decides: number;
  /** Times that a member began to lead. */
  epochs: number;
  acknowledged: number;
  /** Lives that wait, rightly, for data that were destroyed. */
  waiting: number;
  broken: number;
  /** What became of experiments. */
  experiments: Counts;
}

export const noTotals: Totals = {
  ...{ played: 0, seconds: 0, decides: 0, epochs: 0, acknowledged: 0, waiting: 0, broken: 0 },
  experiments: {},
};

export function sumOf(a: Totals, b: Totals): Totals {
  const { experiments: _, ...numbers } = a;
  const sum = { ...a, experiments: sumOfCounts(a.experiments, b.experiments) };
  for (const key of Object.keys(numbers) as (keyof typeof numbers)[]) sum[key] += b[key];
  return sum;
}

function sumOfCounts(a: Counts, b: Counts): Counts {
  const sum = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

/** Plays one life after the other. */
export function runSeeds(options: SeedsOptions & { onBroken: (broken: Broken) => void }): Totals {
  const { engine, from, seeds, seconds, faultNames, onBroken } = options;
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1_000;
  const totals = { ...noTotals };
  const mutant = mutantOf(options.mutant);
  while (totals.played < seeds && elapsed() < seconds) {
    const seed = from + totals.played++;
    const outcome = play({ engine, seed, mutant, faultNames });
    totals.decides += outcome.decides;
    totals.acknowledged += outcome.acknowledged;
    totals.epochs += outcome.epochs;
    totals.experiments = sumOfCounts(totals.experiments, outcome.experiments);
    if (outcome.waits) totals.waiting++;
    if (outcome.violation === undefined) continue;
    totals.broken++;
    onBroken({ seed, violation: outcome.violation });
  }
  return { ...totals, seconds: elapsed() };
}

export const describeTotals = (engine: Engine, totals: Totals): string =>
  `${engine}: ${totals.played} seeds in ${totals.seconds.toFixed(1)} s, ${totals.decides} decisions, ${totals.epochs} epochs led, ${totals.acknowledged} writes acknowledged, ${totals.waiting} wait for data that were destroyed, ${totals.broken} broken\n${describeCounts(totals.experiments)}`;
