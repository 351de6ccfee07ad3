import { expect, it } from 'vitest';
import { timeLimit } from './time-limit.ts';

it.each([0, 0.5, 1.5, 16_100.000000000002, 4_320_000_000, 1e15])(
  'takes every duration that a spec may have: %d ms',
  (ms) => {
    expect(() => AbortSignal.any([timeLimit(ms)])).not.toThrow();
  },
);
