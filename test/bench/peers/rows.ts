import type { FaultName } from '../../framework/faults.ts';
import { type Phase, phases } from '../../framework/state.ts';
import { type Summary, summarize } from '../../framework/statistics.ts';
import { type Column, grouped, textTable } from '../../framework/text-table.ts';
import type { Failure } from './outage.ts';
import type { Peer } from './peer.ts';
import type { PeerRun } from './series.ts';

/** One fault on one system, as often as it was done. */
export interface PeerRow {
  engine: Peer['engine'];
  system: string;
  fault: FaultName;
  runs: number;
  /** Milliseconds from the fault to the end of the last failed write. */
  lastFailureMs: Summary | undefined;
  /** Milliseconds from the fault to the first write that was acknowledged again. */
  firstSuccessMs: Summary | undefined;
  failed: Summary | undefined;
  /** Runs in which writes failed up to the end: their figures are too small. */
  stillFailing: number;
  /** Writes that a primary which was cut off acknowledged after there was a new one, in all runs. */
  acknowledgedByCutOff: number | undefined;
  /** Run by run, in milliseconds. */
  each: {
    lastFailureMs: number;
    firstSuccessMs: number | undefined;
    acknowledged?: number;
    failures: readonly Failure[];
    /** Milliseconds, by its own clock. */
    phases: Partial<Record<Phase, number>>;
  }[];
}

export function peerRowOf(
  { engine, title }: Pick<Peer, 'engine' | 'title'>,
  fault: FaultName,
  runs: readonly PeerRun[],
): PeerRow {
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
export const renderPeerRows = (rows: readonly PeerRow[]): string =>
  textTable(
    [
      ...[left('engine'), left('fault'), left('system'), right('runs')],
      ...[right('last failure'), right('range'), right('p99'), right('first success')],
      right('by the one cut off'),
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

/** Where the time goes, by the systems' own clocks: medians of the phases that were measured. */
export const renderPeerPhases = (rows: readonly PeerRow[]): string =>
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
