import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { withLock } from './lock.ts';

const busy = 'another command is at work on this cluster';

test('one process at a time holds a lock, and it is free afterwards', async () => {
  const name = randomUUID();
  await withLock(name, 0, async () => {
    await expect(withLock(name, 0, async () => 1)).rejects.toThrow(busy);
  });
  expect(await withLock(name, 0, async () => 2)).toBe(2);
});

test('a lock is free after its work has failed', async () => {
  const name = randomUUID();
  const work = () => Promise.reject(new Error('no luck'));
  await expect(withLock(name, 0, work)).rejects.toThrow('no luck');
  expect(await withLock(name, 0, async () => 1)).toBe(1);
});

test('a command that may wait runs after the other', async () => {
  const name = randomUUID();
  const done: string[] = [];
  const release = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<undefined>();
  const first = withLock(name, 0, async () => {
    held.resolve(undefined);
    await release.promise;
    done.push('first');
  });
  await held.promise;
  const second = withLock(name, 10_000, async () => void done.push('second'));
  release.resolve(undefined);
  await Promise.all([first, second]);
  expect(done).toEqual(['first', 'second']);
});

test('locks with different names are independent', async () => {
  const work = () => withLock(randomUUID(), 0, async () => 1);
  expect(await withLock(randomUUID(), 0, work)).toBe(1);
});
