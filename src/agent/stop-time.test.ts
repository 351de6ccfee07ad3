import { expect, it } from 'vitest';
import { stopMsOf } from './stop-time.ts';

it.each([
  [undefined, 8_000],
  [30, 28_000],
  [300, 298_000],
  [3, 1_500],
  // Node would take a longer timer for none.
  [2_592_000, 2 ** 31 - 1],
])('lets the program end in order for less than a grace period of %s s', (grace, ms) => {
  expect(stopMsOf(grace)).toBe(ms);
});
