import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { withLock } from './lock.mjs';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
  file = join(dir, 'lock');
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});
const nobody = (): void => {
  throw new Error('waited for somebody');
};

test('holds while the work is done and leaves no file', async () => {
  const text = await withLock(file, nobody, () => Promise.resolve(readFileSync(file, 'utf8')));
  expect(JSON.parse(text)).toMatchObject([{ pid: process.pid }]);
  expect(readdirSync(dir)).toEqual([]);
});

test('is released when the work fails', async () => {
  await expect(withLock(file, nobody, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(readdirSync(dir)).toEqual([]);
});

test.each([
  ['of a process that ended', JSON.stringify([{ pid: 4_194_305, started: '1' }])],
  ['of an id that another process has now', JSON.stringify([{ pid: process.pid, started: '1' }])],
  ['that was cut short', '[{"pid":'],
])('takes over a lock %s', async (_, left) => {
  writeFileSync(file, left);
  expect(await withLock(file, nobody, () => Promise.resolve('done'))).toBe('done');
  expect(readdirSync(dir)).toEqual([]);
});

test('waits for a held process that outlives its holder', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const left = await withLock(file, nobody, async (hold): Promise<string> => {
    hold(child.pid!);
    return readFileSync(file, 'utf8');
  });
  const [, second] = JSON.parse(left) as { pid: number }[];
  writeFileSync(file, JSON.stringify([{ pid: 4_194_305, started: '1' }, second]));
  const waitedFor: number[] = [];
  await withLock(
    file,
    (pid) => {
      waitedFor.push(pid);
      child.kill('SIGKILL');
    },
    () => Promise.resolve(),
  );
  expect(waitedFor).toEqual([child.pid]);
});
