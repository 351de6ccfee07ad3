import { type Summary, summarize } from '../measure/statistics.ts';
import { type Column, grouped, textTable } from '../measure/text-table.ts';
import { type System, systemNames } from '../measure/system.ts';
import type { Window } from '../measure/window.ts';

/** One fault on one system, as often as it was done. */
export interface Series {
  fault: string;
  system: System;
  /** What is aimed at, in words. */
  aim: string;
  /** How long each was watched, in milliseconds. */
  windowMs: number;
  windows: Window[];
}

export interface Row {
  fault: string;
  system: System;
  aim: string;
  runs: number;
  /** Requests failed. */
  failed: Summary | undefined;
  /** Milliseconds from the fault to the last failure. */
  lastFailureMs: Summary | undefined;
  lastFailureMsNew: Summary | undefined;
  lastFailureMsKept: Summary | undefined;
}

export function rowOf({ fault, system, aim, windows }: Series): Row {
  const of = (read: (window: Window) => number) => summarize(windows.map(read));
  return {
    fault,
    system,
    aim,
    runs: windows.length,
    failed: of((window) => window.failed),
    lastFailureMs: of((window) => window.lastFailureMs),
    lastFailureMsNew: of((window) => window.connections.new.lastFailureMs),
    lastFailureMsKept: of((window) => window.connections.kept.lastFailureMs),
  };
}

const columns: Column[] = [
  { title: 'fault', align: 'left' },
  { title: 'system', align: 'left' },
  { title: 'runs', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'median', align: 'right' },
  { title: 'range', align: 'right' },
  { title: 'p99', align: 'right' },
  { title: 'aim', align: 'left' },
];

/** Milliseconds from the fault to the last failure, and the requests that failed (median). */
export const renderRows = (rows: readonly Row[]): string =>
  textTable(
    columns,
    rows.map(({ fault, system, aim, runs, failed, lastFailureMs }) => [
      fault,
      systemNames[system],
      String(runs),
      failed === undefined ? '' : grouped(failed.median),
      ...summaryCells(lastFailureMs),
      aim,
    ]),
  );

const summaryCells = (summary: Summary | undefined): string[] =>
  summary === undefined
    ? ['', '', '']
    : [
        grouped(summary.median),
        `${grouped(summary.least)}-${grouped(summary.most)}`,
        grouped(summary.p99),
      ];
