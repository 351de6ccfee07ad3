import { expect, it } from 'vitest';
import { firstFound } from './first-found.ts';

function source() {
  const listeners = new Set<() => void>();
  return {
    listeners,
    change: () => [...listeners].forEach((listener) => listener()),
    onChange: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
const limits = { timeoutMs: 600_000, late: () => new Error('too late') };

it('finds what is there already', async () => {
  const { onChange, listeners } = source();
  expect(await firstFound(onChange, () => 0, limits)).toBe(0);
  expect(listeners.size).toBe(0);
});

it('finds what comes with a change, and listens no more then', async () => {
  const { onChange, change, listeners } = source();
  const values: string[] = [];
  const found = firstFound(onChange, () => values[0], limits);
  change();
  values.push('here');
  change();
  expect(await found).toBe('here');
  expect(listeners.size).toBe(0);
});

it('gives up when the time is over', async () => {
  const { onChange, listeners } = source();
  const found = firstFound(onChange, () => undefined, { ...limits, timeoutMs: 1 });
  await expect(found).rejects.toThrow('too late');
  expect(listeners.size).toBe(0);
});

it('gives up with the reason of the signal, also one that has come already', async () => {
  const { onChange, listeners } = source();
  const stop = new AbortController();
  const { signal } = stop;
  const found = firstFound(onChange, () => undefined, { ...limits, signal });
  stop.abort(new Error('enough'));
  await expect(found).rejects.toThrow('enough');
  await expect(firstFound(onChange, () => 1, { ...limits, signal })).rejects.toThrow('enough');
  expect(listeners.size).toBe(0);
});
