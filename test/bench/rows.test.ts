import { expect, it } from 'vitest';
import type { Window } from '../framework/window.ts';
import { renderPhases, renderRows, rowOf } from './rows.ts';

const window = (failed: number, lastFailureMs: number, isStillFailing = false): Window => {
  const tally = { sent: 1_000, failed, lastFailureMs };
  return {
    ...tally,
    connections: { new: tally, kept: tally },
    isStillFailing,
    firstSuccessMs: undefined,
  };
};

const rows = [
  rowOf({
    title: 'SIGKILL',
    system: 'haservice',
    aim: 'median 50, p99 150',
    windows: [window(4, 31), window(6, 45), window(5, 29)],
    phases: [
      [
        ['detect', 2],
        ['elect', 8],
      ],
      [
        ['detect', 4],
        ['elect', 10],
      ],
      [['detect', 3]],
    ],
  }),
  rowOf({
    title: 'node cut off',
    system: 'kubernetes',
    aim: '',
    windows: [window(4_000, 74_990, true), window(3_000, 52_001)],
    phases: [],
  }),
  rowOf({ title: 'not run', system: 'kubernetes', aim: '', windows: [], phases: [] }),
];

it('shows median, range and p99, and marks values whose end was not seen', () => {
  expect(`\n${renderRows(rows)}`).toMatchInlineSnapshot(`
    "
    fault         system      runs  failed    median          range       p99  aim
    ------------  ----------  ----  ------  --------  -------------  --------  ------------------
    SIGKILL       HAService      3       5        31          29-45        45  median 50, p99 150
    node cut off  Kubernetes     2   3,500  > 63,496  52,001-74,990  > 74,990
    not run       Kubernetes     0"
  `);
});

it('shows the medians of the measured phases', () => {
  expect(`\n${renderPhases(rows)}`).toMatchInlineSnapshot(`
    "
    fault    detect  fence  elect  promote  repoint  firstSuccess
    -------  ------  -----  -----  -------  -------  ------------
    SIGKILL       3             9"
  `);
});
