import { expect, it } from 'vitest';
import type { Sample } from '../framework/sample.ts';
import type { System } from '../framework/system.ts';
import { analyse } from '../framework/window.ts';
import { type Result, demoRecord, markMs, resultPicture, resultTable } from './report.ts';

const faultAt = 1_000_000;

/** A request each 100 ms, for 40 s; those sent from the fault until `failingMs` after it are refused. */
function result(system: System, failingMs: number): Result {
  const samples = Array.from({ length: 450 }, (_, i): Sample => {
    const sentAt = faultAt - 5_000 + i * 100;
    const ok = sentAt < faultAt || sentAt >= faultAt + failingMs;
    return { connection: i % 2 === 0 ? 'new' : 'kept', sentAt, endedAt: sentAt + 1, ok };
  });
  const window = analyse(samples, faultAt, faultAt + 40_000);
  return { fault: 'node-lost', title: 'node cut off', system, window, faultAt, samples };
}

const results = [result('haservice', 2_300), result('kubernetes', 60_000)];

it('shows both systems side by side, and says if the end was not seen', () => {
  expect(`\n${resultTable(results)}`).toMatchInlineSnapshot(`
    "
    fault      system      sent  failed  ms to last failure
    ---------  ----------  ----  ------  ------------------
    node-lost  HAService    400      23               2,201
    node-lost  Kubernetes   400     400            > 39,901"
  `);
});

it('draws each fault, readable without colour, in 80 columns', () => {
  const picture = resultPicture(results, false);
  expect(`\n${picture}`).toMatchInlineSnapshot(`
    "
    node cut off; a mark is 1,000 ms, | is the fault
      HAService  ▁▁▁▁|██▄▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
      Kubernetes ▁▁▁▁|████████████████████████████████████████

      ▁ answered  ▄ some failed  █ all failed"
  `);
  expect(Math.max(...picture.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

it('chooses marks that show the end of the failures', () => {
  expect(markMs([result('haservice', 200)])).toBe(20);
  expect(markMs(results)).toBe(1_000);
});

it('records the fields of --json', () => {
  expect(demoRecord(results, []).faults[0]).toEqual({
    fault: 'node-lost',
    system: 'haservice',
    sent: 400,
    failed: 23,
    lastFailureMs: 2_201,
  });
});
