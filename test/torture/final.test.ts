import { expect, it } from 'vitest';
import { NumberSet } from '../workload/torture/number-set.ts';
import { compare } from './final.ts';

const sets = (a: number[], b: number[]) => ({ a: NumberSet.of(a), b: NumberSet.of(b) });

it('a copy has exactly the writes of the primary', () => {
  expect(compare(sets([1, 2], [1]), sets([1, 2], [1]))).toBeUndefined();
  expect(compare(sets([1, 2, 3], [1]), sets([1], [1, 2]))).toBe(
    "lacks 2 of the primary's writes, has 1 others",
  );
  expect(compare(sets([1], [1]), { a: NumberSet.of([1]) })).toContain('lacks 1');
});
