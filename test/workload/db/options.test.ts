import { expect, it } from 'vitest';
import { readDbOptions } from './options.ts';

it('reads targets and paces', () => {
  const args = ['--interval', '25', '--timeout', '500', 'a=redis://:pw@10.0.0.1:6379?wait=1'];
  const options = readDbOptions([...args, 'b=sentinel:///mymaster?at=h:1&at=h:2']);
  expect(options).toMatchObject({ intervalMs: 25, timeoutMs: 500 });
  expect(options.targets.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(options.targets[0]?.url.password).toBe('pw');
  expect(options.targets[1]?.url.searchParams.getAll('at')).toEqual(['h:1', 'h:2']);
});

it.each([
  [[], 'at least one target'],
  [['redis://web'], 'not redis://web'],
  [['a=http://web'], 'not a=http://web'],
  [['a=redis://web', '--interval', '0'], '--interval'],
])('%j is rejected', (args, message) => {
  expect(() => readDbOptions(args)).toThrow(message);
});
