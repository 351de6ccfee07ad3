import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { isLogEmpty } from './data-files.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

/** A field about the server: a name, and a number of 8 bits. */
const field = [0xfa, 10, ...Buffer.from('redis-bits'), 0xc0, 64];
const snapshot = (...rest: number[]) =>
  Buffer.from([...Buffer.from('REDIS0010'), ...field, ...rest]);
const end = [0xff, 1, 2, 3, 4, 5, 6, 7, 8];
const key = [0xfe, 0, 0xfb, 1, 0, 0, 1, 0x6b, 1, 0x76];

test.each<[string, Buffer | undefined, string, boolean]>([
  ['no key and no command', snapshot(...end), '', true],
  ['a key', snapshot(...key, ...end), '', false],
  ['a function', snapshot(0xf5, 1, 0x78, ...end), '', false],
  ['a command', snapshot(...end), '*1\r\n$8\r\nFLUSHALL\r\n', false],
  ['a snapshot that is another file', Buffer.from('appendonly'), '', false],
  ['a snapshot that is missing', undefined, '', false],
])('a log with %s', async (_what, base, commands, isEmpty) => {
  const dir = await mkdtemp(join(tmpdir(), 'haservice-log-'));
  folders.push(dir);
  const log = join(dir, 'appendonlydir');
  await mkdir(log);
  const lines = ['file base seq 1 type b', 'file incr seq 1 type i', ''];
  await writeFile(join(log, 'appendonly.aof.manifest'), lines.join('\n'));
  if (base !== undefined) await writeFile(join(log, 'base'), base);
  await writeFile(join(log, 'incr'), commands);
  expect(await isLogEmpty(dir)).toBe(isEmpty);
});
