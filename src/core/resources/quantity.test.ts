import { expect, it } from 'vitest';
import { normalQuantity } from './quantity.ts';

it.each([
  ['100m', '0.1', 0.1, '1e-1', '.1', '+100m'],
  ['1Gi', '1024Mi', 1_073_741_824, '1048576Ki', '1.0Gi'],
  ['2', 2, '2.0', '2000m', '0.002k', '2E0'],
  ['1E', '1e18', '1000P'],
  ['1n', '0.000000001', '0.5n'],
  ['0', 0, '0Mi', '-0', ''.padEnd(20, '0')],
])('%s has one form, however it is written', (first, ...others) => {
  for (const other of others) expect(normalQuantity(other)).toBe(normalQuantity(first));
});

it('different quantities stay different', () => {
  const all = ['1', '-1', '1m', '1k', '1M', '1Mi', '1G', '1Gi', '1E', '1Ei', '1e1', '1u', '1n'];
  expect(new Set(all.map(normalQuantity)).size).toBe(all.length);
});

it.each(['', '.', 'm', '1mm', '1 Gi', '0x10', '1e400', '1e99', true, undefined, null, {}])(
  'what is no quantity stays as it is: %j',
  (value) => {
    expect(normalQuantity(value)).toBe(value);
  },
);
