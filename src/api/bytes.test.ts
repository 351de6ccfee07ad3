import { expect, it } from 'vitest';
import { inWords } from './bytes.ts';

it.each([
  [0, '0 bytes'],
  [1023, '1023 bytes'],
  [1024, '1.0 KiB'],
  [13_207_024_435, '12.3 GiB'],
  [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
])('%d is %s', (bytes, text) => {
  expect(inWords(bytes)).toBe(text);
});
