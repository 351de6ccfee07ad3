import { expect, it } from 'vitest';
import type { Sample } from '../../framework/sample.ts';
import { cutOffOf } from './cut-off.ts';

const sample = (endedAt: number, ok = true): Sample => ({
  connection: 'kept',
  sentAt: endedAt - 1,
  endedAt,
  ok,
});

it('counts acknowledgements between the first write to the new primary and the end of the cut', () => {
  const samples = [100, 199, 201, 250, 301].map((at) => sample(at));
  expect(cutOffOf(samples, 200, 300)).toEqual({ acknowledged: 2, lastMs: 50 });
});

it('does not count failures', () => {
  expect(cutOffOf([sample(250, false)], 200, 300)).toEqual({ acknowledged: 0, lastMs: 0 });
});
