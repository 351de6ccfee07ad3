import type { FailoverRecord } from '../../src/api/status.ts';
import type { FaultName } from '../framework/faults.ts';
import type { Sample } from '../framework/sample.ts';
import { type System, systemNames } from '../framework/system.ts';
import { type Column, grouped, textTable } from '../framework/text-table.ts';
import type { Window } from '../framework/window.ts';
import { legend, paint, paintStrip } from './paint.ts';
import { stripOf } from './strip.ts';

/** What one fault did to one system. */
export interface Result {
  fault: FaultName;
  title: string;
  system: System;
  window: Window;
  /** Milliseconds since the Unix epoch. */
  faultAt: number;
  /** The requests from shortly before the fault to the end of the window. */
  samples: readonly Sample[];
}

const columns: Column[] = [
  { title: 'fault', align: 'left' },
  { title: 'system', align: 'left' },
  { title: 'sent', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'ms to last failure', align: 'right' },
];

/** Both systems side by side: requests, failures, and milliseconds from the fault to the last failure. */
export const resultTable = (results: readonly Result[]): string =>
  textTable(
    columns,
    results.map(({ fault, system, window }) => [
      fault,
      systemNames[system],
      grouped(window.sent),
      grouped(window.failed),
      `${window.isStillFailing ? '> ' : ''}${grouped(window.lastFailureMs)}`,
    ]),
  );

/** How much of the time before the fault is shown: how the strips begin when all is well. */
export const marksBefore = 4;
const marksAfter = 60;
const markSizesMs = [20, 50, 100, 200, 500, 1_000];
export const slowestMarkMs = 2_000;

/** The finest mark with which the strip shows the end of the failures, and a little after. */
export function markMs(results: readonly Result[]): number {
  const longest = Math.max(...results.map(({ window }) => window.lastFailureMs));
  const least = (longest * 1.1) / marksAfter;
  return markSizesMs.find((size) => size >= least) ?? slowestMarkMs;
}

/** Each fault as a line a system, from just before it until all is well. */
export function resultPicture(results: readonly Result[], color: boolean): string {
  const lines: string[] = [];
  for (const title of new Set(results.map((result) => result.title))) {
    const ofFault = results.filter((result) => result.title === title);
    const size = markMs(ofFault);
    lines.push(`${title}; a mark is ${grouped(size)} ms, | is the fault`);
    for (const { system, samples, faultAt } of ofFault) {
      const cells = stripOf(samples, faultAt - marksBefore * size, size, marksBefore + marksAfter);
      const label = { text: `  ${systemNames[system].padEnd(11)}` };
      const before = paintStrip(cells.slice(0, marksBefore));
      const after = paintStrip(cells.slice(marksBefore));
      lines.push(paint([label, ...before, { text: '|' }, ...after], color));
    }
    lines.push('');
  }
  return [...lines, paint([{ text: '  ' }, ...legend], color)].join('\n');
}

export interface DemoRecord {
  faults: {
    fault: FaultName;
    system: System;
    sent: number;
    failed: number;
    lastFailureMs: number;
  }[];
  failovers: FailoverRecord[];
}

/** What `--json` writes. */
export const demoRecord = (
  results: readonly Result[],
  failovers: readonly FailoverRecord[],
): DemoRecord => ({
  faults: results.map(({ fault, system, window: { sent, failed, lastFailureMs } }) => ({
    fault,
    system,
    sent,
    failed,
    lastFailureMs,
  })),
  failovers: [...failovers],
});
