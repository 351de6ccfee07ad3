import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../lib/fake-clock.ts';
import { layoutOf } from './layout.ts';
import { VolumeWatch } from './volume-watch.ts';

const MiB = 2 ** 20;

async function watched() {
  const top = await mkdtemp(join(tmpdir(), 'haservice-volume-'));
  onTestFinished(() => rm(top, { recursive: true }));
  const clock = new FakeClock();
  const watch = new VolumeWatch(clock);
  const look = async (free: number) => {
    clock.advance(5_000);
    expect(watch.isLookDue).toBe(true);
    const space = () => Promise.resolve({ total: 1000 * MiB, free });
    await watch.look({ layout: layoutOf(top), space });
    return watch.problem;
  };
  return { top, look };
}

it('tells a full volume', async () => {
  const { top, look } = await watched();
  expect(await look(33 * MiB)).toBeUndefined();
  expect(await look(31 * MiB)).toEqual({
    reason: 'DiskFull',
    message: `the volume of ${top} is full: make it larger`,
  });
});

it('names data that a member had to discard if they take more than is free, and does not remove them', async () => {
  const { top, look } = await watched();
  const folder = join(top, 'pgdata-diverged-7');
  await mkdir(join(folder, 'base', '1'), { recursive: true });
  await writeFile(join(folder, 'base', '1', '1259'), Buffer.alloc(40 * MiB, 1));
  await look(1000 * MiB);
  let problem = await look(39 * MiB);
  while (problem === undefined) problem = await look(39 * MiB);
  expect(problem).toEqual({
    reason: 'DataRetained',
    message: expect.stringContaining(
      `only 39.0 MiB are free on the volume of ${top}: make it larger, or remove ${folder} (40.0 MiB)`,
    ),
  });
  expect(await look(41 * MiB)).toBeUndefined();
  expect((await look(1 * MiB))?.message).toMatch(/is full: make it larger, or remove .*diverged-7/);
  await rm(folder, { recursive: true });
  expect((await look(1 * MiB))?.message).toMatch(/make it larger$/);
});
