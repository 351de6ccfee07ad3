import type { FailoverRecord } from '../../src/api/status.ts';
import type { FaultName } from '../measure/faults.ts';
import { type Column, grouped, textTable } from '../measure/text-table.ts';
import type { System } from '../measure/system.ts';
import { systemNames } from '../measure/system.ts';
import type { Window } from '../measure/window.ts';
import { legend, paint, paintStrip } from './paint.ts';
import type { Cell } from './strip.ts';

/** What one fault did to one system. */
export interface Result {
  fault: FaultName;
  title: string;
  system: System;
  window: Window;
  /** From `beforeCells` cells before the fault on. */
  strip: { cells: Cell[]; cellMs: number; beforeCells: number };
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

/** Each fault as a line a system, from just before it until all is well. */
export function resultPicture(results: readonly Result[], color: boolean): string {
  const lines: string[] = [];
  for (const title of new Set(results.map((result) => result.title))) {
    const ofFault = results.filter((result) => result.title === title);
    const cellMs = ofFault[0]?.strip.cellMs ?? 0;
    lines.push(paint([{ text: `${title}, ${cellMs} ms a mark, | is the fault` }], color));
    for (const { system, strip } of ofFault) {
      const before = strip.cells.slice(0, strip.beforeCells);
      const after = strip.cells.slice(strip.beforeCells);
      const label = { text: `  ${systemNames[system].padEnd(11)}` };
      lines.push(paint([label, ...paintStrip(before), { text: '|' }, ...paintStrip(after)], color));
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
