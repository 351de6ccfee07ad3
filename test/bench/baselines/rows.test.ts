import { expect, it } from 'vitest';
import type { Window } from '../../framework/window.ts';
import { systemRowOf, renderSystemPhases, renderSystemRows } from './rows.ts';

const window = (
  lastFailureMs: number,
  firstSuccessMs: number | undefined,
  isStillFailing = false,
): Window => {
  const tally = { sent: 1_000, failed: 10, lastFailureMs };
  return { ...tally, connections: { new: tally, kept: tally }, firstSuccessMs, isStillFailing };
};

const noted = { failures: [], phases: [] };
const redis = { engine: 'redis', title: 'Sentinel, 1 s' } as const;

it('shows the last failure, the first success and the acknowledgements of the old primary', () => {
  const rows = [
    systemRowOf(redis, 'crash', [
      { ...noted, window: window(900, 950), phases: [['detect', 10]] },
      { ...noted, window: window(1_100, 1_150), phases: [['detect', 20]] },
      { ...noted, window: window(1_000, 800) },
    ]),
    systemRowOf(redis, 'node-lost', [
      { ...noted, window: window(3_000, 2_900), cutOff: { acknowledged: 90, lastMs: 4_000 } },
      {
        ...noted,
        window: window(75_000, undefined, true),
        cutOff: { acknowledged: 5, lastMs: 40 },
      },
    ]),
  ];
  expect(`\n${renderSystemRows(rows)}`).toMatchInlineSnapshot(`
    "
    engine  fault         system         runs  last failure         range       p99  first success  by old primary
    ------  ------------  -------------  ----  ------------  ------------  --------  -------------  --------------
    redis   SIGKILL       Sentinel, 1 s     3         1,000     900-1,100     1,100            950
    redis   node cut off  Sentinel, 1 s     2      > 39,000  3,000-75,000  > 75,000          2,900              95"
  `);
  expect(`\n${renderSystemPhases(rows)}`).toMatchInlineSnapshot(`
    "
    engine  fault    system         detect  fence  elect  promote  repoint  firstSuccess
    ------  -------  -------------  ------  -----  -----  -------  -------  ------------
    redis   SIGKILL  Sentinel, 1 s      15"
  `);
  expect(rows[1]?.each).toMatchObject([
    { lastFailureMs: 3_000, firstSuccessMs: 2_900, acknowledged: 90 },
    { lastFailureMs: 75_000, firstSuccessMs: undefined, acknowledged: 5 },
  ]);
});
