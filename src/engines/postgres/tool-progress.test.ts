import { expect, it } from 'vitest';
import { FakeClock } from '../../lib/fake-clock.ts';
import { CopyMeter } from '../copy-meter.ts';
import { ToolProgress, stalledMs } from './tool-progress.ts';

function begin(isWorking?: () => Promise<boolean>) {
  const clock = new FakeClock();
  const meter = new CopyMeter(clock);
  const more = isWorking === undefined ? {} : { isWorking };
  const progress = new ToolProgress({ tool: 'pg_basebackup', clock, meter, ...more });
  return { clock, meter, progress };
}

const asked = () => new Promise(setImmediate);

it('reads how far a copy is from what the tools print', () => {
  const { clock, meter, progress } = begin();
  expect(meter.report).toEqual({ bytes: 0, elapsedMs: 0 });
  clock.advance(2_000);
  expect(progress.onLine('pg_basebackup: checkpoint completed')).toBe(false);
  expect(progress.onLine('    7/0 kB (0%), 0/1 tablespace')).toBe(true);
  expect(meter.report).toEqual({ bytes: 7 * 1024, elapsedMs: 2_000 });
  expect(progress.onLine(' 1024/41943 kB (2%), 0/1 tablespace (/data/pgdata.clone/base/1)')).toBe(
    true,
  );
  expect(meter.report).toEqual({ bytes: 1024 ** 2, totalBytes: 41943 * 1024, elapsedMs: 2_000 });
  expect(progress.onLine(' 2048/41943 kB (4%) copied')).toBe(true);
  expect(meter.report?.bytes).toBe(2 * 1024 ** 2);
});

it('ends a copy that makes no progress for some time, and no other, however long it takes', async () => {
  const { clock, progress } = begin();
  for (let kiB = 1; kiB < 1_000; kiB++) {
    clock.advance(stalledMs - 1);
    progress.onLine(`${kiB}/1000 kB (0%) copied`);
  }
  await asked();
  expect(progress.stalled.aborted).toBe(false);
  clock.advance(stalledMs);
  await asked();
  expect(progress.stalled.reason).toMatchObject({
    code: 'HA_ERR_COPY_STALLED',
    message: expect.stringMatching(/^pg_basebackup has made no progress for 10 minutes, and was/),
  });
});

it('waits as long as the leader prepares the copy, or the log grows', async () => {
  let works = true;
  const { clock, progress } = begin(() => Promise.resolve(works));
  for (let i = 0; i < 20; i++) {
    clock.advance(stalledMs);
    await asked();
  }
  expect(progress.stalled.aborted).toBe(false);
  works = false;
  clock.advance(stalledMs);
  await asked();
  expect(progress.stalled.aborted).toBe(true);
});

it('does not end a tool that has printed something while the leader was asked, or that syncs its files', async () => {
  const { clock, progress } = begin(async () => {
    progress.onLine('1/2 kB (50%) copied');
    return Promise.reject(new Error('the leader does not answer'));
  });
  clock.advance(stalledMs);
  await asked();
  expect(progress.stalled.aborted).toBe(false);
  progress.onLine('pg_rewind: syncing target data directory');
  clock.advance(10 * stalledMs);
  await asked();
  expect(progress.stalled.aborted).toBe(false);
});
