import { expect, test } from 'vitest';
import { add, closingLine, count, type Entry, failureLines, none } from './totals.ts';

const found = (...ids: string[]): Entry[] =>
  ids.map((id) => ({ type: 'collected', id, name: `file: ${id}` }));
const result = (id: string, state: 'passed' | 'failed' | 'skipped'): Entry => ({
  type: 'result',
  id,
  state,
  ...(state === 'failed' && { error: 'expected 1' }),
});
const broken: Entry = { type: 'broken', what: 'hook' };
const end: Entry = { type: 'end' };

test.each([
  [
    'all passed',
    [...found('a', 'b'), result('a', 'passed'), result('b', 'passed'), end],
    0,
    [2, 0, 0],
  ],
  [
    'one failed',
    [...found('a', 'b'), result('a', 'passed'), result('b', 'failed'), end],
    1,
    [1, 1, 0],
  ],
  [
    'one skipped',
    [...found('a', 'b'), result('a', 'passed'), result('b', 'skipped'), end],
    0,
    [1, 0, 1],
  ],
  [
    'a retry counts by its last result',
    [result('a', 'failed'), result('a', 'passed'), end],
    0,
    [1, 0, 0],
  ],
  ['a file that does not load', [...found('a'), result('a', 'passed'), broken, end], 1, [1, 1, 0]],
  ['a worker that died', [...found('a', 'b'), result('a', 'passed'), broken, end], 1, [1, 2, 0]],
  ['vitest killed', [...found('a', 'b'), result('a', 'passed')], 137, [1, 2, 0]],
  ['vitest did not start', [], 1, [0, 1, 0]],
  ['no test found', [end], 0, [0, 1, 0]],
  ['an exit code without a reason', [...found('a'), result('a', 'passed'), end], 1, [1, 1, 0]],
] as [string, Entry[], number, number[]][])('%s', (_, entries, exitCode, expected) => {
  const { passed, failures, skipped } = count(entries, exitCode);
  expect([passed, failures.length, skipped]).toEqual(expected);
});

test('the closing line names skipped tests only where there are any', () => {
  const some = { passed: 3, failures: ['a'], skipped: 0 };
  expect(closingLine(add(none, some))).toBe('3 passed, 1 failed');
  expect(closingLine(add(some, { passed: 1, failures: [], skipped: 2 }))).toBe(
    '4 passed, 1 failed, 2 skipped',
  );
});

test('each failure is named, with its reason where that is known', () => {
  const entries = [
    ...found('a', 'b', 'c'),
    result('a', 'failed'),
    result('b', 'passed'),
    { type: 'broken', what: 'hook' } as const,
  ];
  expect(failureLines(count(entries, 1))).toEqual([
    'failed: file: a: expected 1',
    'failed: file: c: no result',
    'failed: hook',
    'failed: vitest ended before its time',
  ]);
});
