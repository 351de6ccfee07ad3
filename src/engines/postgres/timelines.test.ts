import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseLsn } from './position.ts';
import { Timelines } from './timelines.ts';

const segmentBytes = 16 * 2 ** 20;
let data: string;
let timelines: Timelines;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'haservice-timelines-'));
  await mkdir(join(data, 'pg_wal'));
  timelines = new Timelines(data, undefined);
});

afterEach(async () => rm(data, { recursive: true }));

const put = async (name: string, text = '') => writeFile(join(data, 'pg_wal', name), text);
const names = async () => (await readdir(join(data, 'pg_wal'))).sort();

it('assigns a log to a timeline only if it has bytes of it', async () => {
  await put('00000003.history', '1\t0/5000100\tx\n');
  await put('000000010000000000000005');
  const at = async (lsn: string) => timelines.at(parseLsn(lsn), segmentBytes);
  expect(await at('0/5000000')).toBe(1);
  expect(await at('0/5000100')).toBe(3);
  // It has continued past the point at which the leader's log diverged.
  expect(await at('0/5000200')).toBe(1);
  await put('000000030000000000000005');
  expect(await at('0/5000200')).toBe(3);
});

it('reserves the unused numbers before a timeline', async () => {
  await put('00000003.history', '1\t0/5000100\tx\n');
  await timelines.reserve(4);
  expect(await names()).toEqual(['00000002.history', '00000003.history', '00000004.history']);
  expect(await timelines.history(2)).toBeUndefined();
  expect(await timelines.history(3)).toHaveLength(2);
});

it('leaves no history with which the server could not start', async () => {
  await put('00000003.history', '1\t0/5000100\tx\n');
  await put('00000005.history', '1\t0/5000100\tx\n3\t0/6000000\tx\n');
  await timelines.reserve(8);
  // It ended on timeline 3, beyond the point at which 5 begins.
  await timelines.tidy(3, parseLsn('0/7000000'));
  expect(await names()).toEqual([
    '00000002.history',
    '00000003.history',
    '00000005.history.foreign',
  ]);
});
