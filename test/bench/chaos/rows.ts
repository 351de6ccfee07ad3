import { type Summary, summarize } from '../../framework/statistics.ts';
import { type Column, grouped, textTable } from '../../framework/text-table.ts';
import { type Series, methodTitles } from './plan.ts';
import type { ChaosRun, ChaosRuns } from './series.ts';

/** Results of one kind of kill on one system, over all runs. Times in milliseconds. */
export interface ChaosRow extends Series {
  system: string;
  runs: number;
  /** Experiments that the operator did not count as Passed. */
  failed: number;
  refusals: Record<string, number>;
  recoveryMs: Summary | undefined;
  seenRecoveryMs: Summary | undefined;
  failoverMs: Summary | undefined;
  withoutSuccessMs: Summary | undefined;
  each: readonly ChaosRun[];
}

export function chaosRowOf(
  system: string,
  series: Series,
  { each, refusals }: ChaosRuns,
): ChaosRow {
  const of = (read: (run: ChaosRun) => number | undefined) =>
    summarize(each.flatMap((run) => read(run) ?? []));
  return {
    system,
    ...series,
    runs: each.length,
    failed: each.filter(({ verdict = 'Passed' }) => verdict !== 'Passed').length,
    refusals,
    recoveryMs: of((run) => run.recoveryMs),
    seenRecoveryMs: of((run) => run.seenRecoveryMs),
    failoverMs: of((run) => run.failoverMs),
    withoutSuccessMs: of((run) => run.withoutSuccessMs),
    each,
  };
}

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title, align: 'left' });

/** Medians and 99th percentiles. */
export const renderChaosRows = (rows: readonly ChaosRow[]): string =>
  textTable(
    [
      ...[left('system'), left('kill'), left('target'), right('runs')],
      ...[right('refused'), right('failed')],
      ...[right('recovery'), right('p99'), right('seen'), right('p99')],
      ...[right('failover'), right('p99'), right('no success'), right('p99')],
    ],
    rows.map((row) => [
      ...[row.system, methodTitles[row.method], row.role, String(row.runs)],
      ...(row.method === 'ByHand'
        ? ['', '']
        : [String(sum(Object.values(row.refusals))), String(row.failed)]),
      ...[row.recoveryMs, row.seenRecoveryMs, row.failoverMs, row.withoutSuccessMs].flatMap(cells),
    ]),
  );

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

const cells = (summary: Summary | undefined): string[] =>
  summary === undefined ? ['', ''] : [grouped(summary.median), grouped(summary.p99)];

/** What the columns are. */
export const chaosLegend = `recovery: from the kill until all members are healthy again, in their roles, as in status.chaos.history;
seen: the same, seen from outside; failover: from the kill until the Service points at a new primary;
no success: the longest time in which no request of a client that asks all the time has succeeded.`;
