import type { FaultName } from '../../framework/faults.ts';
import { type Phase, phases } from '../../framework/state.ts';
import { type Summary, summarize } from '../../framework/statistics.ts';
import { type Column, grouped, textTable } from '../../framework/text-table.ts';
import type { Failure } from './outage.ts';
import type { BenchSystem } from './bench-system.ts';
import type { SystemRun } from './series.ts';

/** Results of one fault on one system, over all runs. */
export interface SystemRow {
  engine: BenchSystem['engine'];
  system: string;
  fault: FaultName;
  runs: number;
  /** Milliseconds from the fault to the end of the last failed write. */
  lastFailureMs: Summary | undefined;
  /** Milliseconds from the fault to the first acknowledged write. */
  firstSuccessMs: Summary | undefined;
  failed: Summary | undefined;
  /** Runs in which writes failed up to the end: their values are too low. */
  stillFailing: number;
  /** Writes that a cut-off primary acknowledged after there was a new one, in all runs. */
  acknowledgedByCutOff: number | undefined;
  /** Each run, in milliseconds. */
  each: {
    lastFailureMs: number;
    firstSuccessMs: number | undefined;
    acknowledged?: number;
    failures: readonly Failure[];
    /** Milliseconds, as the system itself reports them. */
    phases: Partial<Record<Phase, number>>;
  }[];
}

export function systemRowOf(
  { engine, title }: Pick<BenchSystem, 'engine' | 'title'>,
  fault: FaultName,
  runs: readonly SystemRun[],
): SystemRow {
  const cut = runs.flatMap(({ cutOff }) => (cutOff === undefined ? [] : [cutOff.acknowledged]));
  return {
    engine,
    system: title,
    fault,
    runs: runs.length,
    lastFailureMs: summarize(runs.map(({ window }) => window.lastFailureMs)),
    firstSuccessMs: summarize(runs.flatMap(({ window }) => window.firstSuccessMs ?? [])),
    failed: summarize(runs.map(({ window }) => window.failed)),
    stillFailing: runs.filter(({ window }) => window.isStillFailing).length,
    acknowledgedByCutOff: cut.length === 0 ? undefined : cut.reduce((sum, n) => sum + n, 0),
    each: runs.map(({ window: { lastFailureMs, firstSuccessMs }, failures, cutOff, ...run }) => ({
      lastFailureMs,
      firstSuccessMs,
      failures,
      phases: Object.fromEntries(run.phases),
      ...(cutOff === undefined ? {} : { acknowledged: cutOff.acknowledged }),
    })),
  };
}

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title, align: 'left' });

const faultTitles: Record<FaultName, string> = {
  crash: 'SIGKILL',
  hang: 'SIGSTOP',
  'node-lost': 'node cut off',
};

/** Milliseconds from the fault to the last failed write and to the first acknowledged one. */
export const renderSystemRows = (rows: readonly SystemRow[]): string =>
  textTable(
    [
      ...[left('engine'), left('fault'), left('system'), right('runs')],
      ...[right('last failure'), right('range'), right('p99'), right('first success')],
      right('by old primary'),
    ],
    rows.map((row) => {
      const { lastFailureMs: last, stillFailing } = row;
      const atLeast = stillFailing > 0 ? '> ' : '';
      return [
        row.engine,
        faultTitles[row.fault],
        row.system,
        String(row.runs),
        last === undefined
          ? ''
          : `${stillFailing * 2 >= row.runs ? atLeast : ''}${grouped(last.median)}`,
        last === undefined ? '' : `${grouped(last.least)}-${grouped(last.most)}`,
        last === undefined ? '' : `${atLeast}${grouped(last.p99)}`,
        row.firstSuccessMs === undefined ? '' : grouped(row.firstSuccessMs.median),
        row.acknowledgedByCutOff === undefined ? '' : grouped(row.acknowledgedByCutOff),
      ];
    }),
  );

/** Durations of the phases, as the systems report them: medians of those that were measured. */
export const renderSystemPhases = (rows: readonly SystemRow[]): string =>
  textTable(
    [left('engine'), left('fault'), left('system'), ...phases.map(right)],
    rows
      .filter(({ each }) => each.some((run) => Object.keys(run.phases).length > 0))
      .map(({ engine, fault, system, each }) => [
        engine,
        faultTitles[fault],
        system,
        ...phases.map((phase) => {
          const median = summarize(each.flatMap((run) => run.phases[phase] ?? []))?.median;
          return median === undefined ? '' : grouped(median);
        }),
      ]),
  );
