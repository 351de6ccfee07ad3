import { expect, test } from 'vitest';
import { readOptions } from './options.ts';

test('one address is enough', () => {
  expect(readOptions(['http://web/'])).toEqual({
    targets: [{ name: undefined, url: new URL('http://web/') }],
    intervalMs: 10,
    timeoutMs: 1000,
    seconds: undefined,
  });
});

test('several targets by name; a query may contain =', () => {
  const args = [
    '--target',
    'ha=http://web:81/?a=b',
    '--interval',
    '5',
    '--seconds',
    '0.5',
    'k=http://k',
  ];
  expect(readOptions(args)).toMatchObject({
    targets: [
      { name: 'ha', url: new URL('http://web:81/?a=b') },
      { name: 'k', url: new URL('http://k/') },
    ],
    intervalMs: 5,
    seconds: 0.5,
  });
});

test.each([
  [[], 'at least one target'],
  [['web'], 'not web'],
  [['a=https://web'], 'not a=https://web'],
  [['http://web', '--interval', '0'], '--interval'],
  [['http://web', '--timeout', 'x'], '--timeout'],
])('%j is rejected', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
