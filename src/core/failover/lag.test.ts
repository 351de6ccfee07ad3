import { expect, it } from 'vitest';
import { lagOf, quantityBytes } from './lag.ts';
import { led, leading, strong } from '../testing/led.ts';

it.each([
  ['512', 512],
  ['2k', 2_000],
  ['512Ki', 524_288],
  ['1Mi', 1_048_576],
  ['3G', 3e9],
])('%s is %d bytes', (text, bytes) => {
  expect(quantityBytes(text)).toBe(bytes);
});

it('is rounded, so that it does not change with each write', () => {
  const { resource } = strong();
  const leader = led(resource, 0, leading({ position: { term: 1, offset: 1_000_000 } }));
  const lag = (offset: number, lagMs: number) =>
    lagOf(led(resource, 1, { position: { term: 1, offset }, lagMs }), leader);
  expect(lag(990_000, 400)).toEqual({ lagBytes: 0, lagSeconds: 0 });
  expect(lag(0, 2_700)).toEqual({ lagBytes: 2 ** 20, lagSeconds: 4 });
  // Ahead of a report that is some milliseconds older.
  expect(lag(1_000_010, 0)).toEqual({ lagBytes: 0, lagSeconds: 0 });
});
