import { expect, it } from 'vitest';
import type { Window } from '../measure/window.ts';
import { type Result, demoRecord, resultPicture, resultTable } from './report.ts';

const window = (failed: number, lastFailureMs: number, isStillFailing = false): Window => {
  const tally = { sent: 1_000, failed, lastFailureMs };
  return { ...tally, connections: { new: tally, kept: tally }, isStillFailing };
};

const results: Result[] = [
  {
    fault: 'node-lost',
    title: 'node cut off',
    system: 'haservice',
    window: window(40, 2_210),
    strip: { cells: ['ok', 'failed', 'some', 'ok'], cellMs: 500, beforeCells: 1 },
  },
  {
    fault: 'node-lost',
    title: 'node cut off',
    system: 'kubernetes',
    window: window(4_321, 74_990, true),
    strip: { cells: ['ok', 'some', 'some', 'some'], cellMs: 500, beforeCells: 1 },
  },
];

it('sets both systems side by side, and says where the end was not seen', () => {
  expect(`\n${resultTable(results)}`).toMatchInlineSnapshot(`
    "
    fault      system       sent  failed  ms to last failure
    ---------  ----------  -----  ------  ------------------
    node-lost  HAService   1,000      40               2,210
    node-lost  Kubernetes  1,000   4,321            > 74,990"
  `);
});

it('draws each fault, readable without colour', () => {
  expect(`\n${resultPicture(results, false)}`).toMatchInlineSnapshot(`
    "
    node cut off, 500 ms a mark, | is the fault
      HAService  ▁|█▄▁
      Kubernetes ▁|▄▄▄

      ▁ answered  ▄ some failed  █ all failed"
  `);
});

it('records the fields of --json', () => {
  expect(demoRecord(results, []).faults[1]).toEqual({
    fault: 'node-lost',
    system: 'kubernetes',
    sent: 1_000,
    failed: 4_321,
    lastFailureMs: 74_990,
  });
});
