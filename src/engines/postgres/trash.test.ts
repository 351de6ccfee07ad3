import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Trash } from './trash.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

async function volume(): Promise<{ top: string; data: string }> {
  const top = await mkdtemp(join(tmpdir(), 'haservice-trash-'));
  onTestFinished(() => rm(top, { recursive: true, force: true }));
  const data = join(top, 'pgdata');
  await mkdir(join(data, 'base'), { recursive: true });
  await writeFile(join(data, 'base', '1'), 'x');
  return { top, data };
}

it('moves a folder out of the way at once, and frees its space after that', async () => {
  const { top, data } = await volume();
  const trash = new Trash(top, log);
  await trash.add(data);
  await expect(access(data)).rejects.toThrow('ENOENT');
  await mkdir(data);
  await trash.add(data);
  await trash.add(data);
  await trash.emptied();
  expect(await readdir(top)).toEqual([]);
});

it('goes on with what an earlier process has not removed', async () => {
  const { top, data } = await volume();
  await mkdir(join(top, '.removing-x', 'data'), { recursive: true });
  const trash = new Trash(top, log);
  await trash.resume();
  await trash.emptied();
  expect(await readdir(top)).toEqual(['pgdata']);
  await access(data);
});
