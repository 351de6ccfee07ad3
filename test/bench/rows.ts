import { type Phase, phases } from '../framework/state.ts';
import { type Summary, summarize } from '../framework/statistics.ts';
import { type System, systemNames } from '../framework/system.ts';
import { type Column, grouped, textTable } from '../framework/text-table.ts';
import type { Window } from '../framework/window.ts';

/** Results of one fault on one system, over all runs. */
export interface Series {
  title: string;
  system: System;
  /** The target, in words. */
  aim: string;
  windows: readonly Window[];
  /** Milliseconds of the operator's phases, for each run. */
  phases: readonly (readonly [Phase, number][])[];
}

export interface Row {
  fault: string;
  system: System;
  aim: string;
  runs: number;
  /** Number of failed requests. */
  failed: Summary | undefined;
  /** Milliseconds from the fault to the last failure. */
  lastFailureMs: Summary | undefined;
  lastFailureMsNew: Summary | undefined;
  lastFailureMsKept: Summary | undefined;
  /** Runs in which requests failed up to the end of the window: their values are too low. */
  stillFailing: number;
  /** Medians, in milliseconds. */
  phases: Partial<Record<Phase, number>>;
}

export function rowOf({ title, system, aim, windows, phases: runs }: Series): Row {
  const of = (read: (window: Window) => number) => summarize(windows.map(read));
  const medians = phases.flatMap((phase): [Phase, number][] => {
    const times = runs.flatMap((run) =>
      run.flatMap(([measured, ms]) => (measured === phase ? [ms] : [])),
    );
    const summary = summarize(times);
    return summary === undefined ? [] : [[phase, summary.median]];
  });
  return {
    fault: title,
    system,
    aim,
    runs: windows.length,
    failed: of((window) => window.failed),
    lastFailureMs: of((window) => window.lastFailureMs),
    lastFailureMsNew: of((window) => window.connections.new.lastFailureMs),
    lastFailureMsKept: of((window) => window.connections.kept.lastFailureMs),
    stillFailing: windows.filter(({ isStillFailing }) => isStillFailing).length,
    phases: Object.fromEntries(medians),
  };
}

const right = (title: string): Column => ({ title, align: 'right' });
const left = (title: string): Column => ({ title, align: 'left' });

/** Milliseconds from the fault to the last failure, and how many requests failed (median). */
export const renderRows = (rows: readonly Row[]): string =>
  textTable(
    [
      ...[left('fault'), left('system'), right('runs'), right('failed')],
      ...[right('median'), right('range'), right('p99'), left('aim')],
    ],
    rows.map(({ fault, system, aim, runs, failed, lastFailureMs, stillFailing }) => [
      fault,
      systemNames[system],
      String(runs),
      failed === undefined ? '' : grouped(failed.median),
      ...summaryCells(lastFailureMs, stillFailing / runs),
      aim,
    ]),
  );

/** @param unseen share of the runs whose end was not seen: a value that depends on one of them is marked as a lower bound. */
const summaryCells = (summary: Summary | undefined, unseen: number): string[] =>
  summary === undefined
    ? ['', '', '']
    : [
        `${unseen >= 0.5 ? '> ' : ''}${grouped(summary.median)}`,
        `${grouped(summary.least)}-${grouped(summary.most)}`,
        `${unseen > 0 ? '> ' : ''}${grouped(summary.p99)}`,
      ];

/** Durations of the phases of a failover, as the operator reports them. */
export const renderPhases = (rows: readonly Row[]): string =>
  textTable(
    [left('fault'), ...phases.map(right)],
    rows
      .filter((row) => Object.keys(row.phases).length > 0)
      .map((row) => [
        row.fault,
        ...phases.map((phase) => {
          const ms = row.phases[phase];
          return ms === undefined ? '' : grouped(ms);
        }),
      ]),
  );
