import { expect, test } from 'vitest';
import { add, closingLine, count, type Entry, none } from './totals.ts';

const found = (...ids: string[]): Entry[] => ids.map((id) => ({ type: 'collected', id }));
const result = (id: string, state: 'passed' | 'failed' | 'skipped'): Entry => ({
  type: 'result',
  id,
  state,
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
  const [passed, failed, skipped] = expected;
  expect(count(entries, exitCode)).toEqual({ passed, failed, skipped });
});

test('the closing line names skipped tests only where there are any', () => {
  const some = { passed: 3, failed: 1, skipped: 0 };
  expect(closingLine(add(none, some))).toBe('3 passed, 1 failed');
  expect(closingLine(add(some, { passed: 1, failed: 0, skipped: 2 }))).toBe(
    '4 passed, 1 failed, 2 skipped',
  );
});
