import { expect, it } from 'vitest';
import { SampleLog } from './sample-log.ts';

const sample = (sentAt: number, endedAt: number, ok = true) => ({
  connection: 'new' as const,
  sentAt,
  endedAt,
  ok,
});

it('counts, and finds what ended since, even if reports come out of order', () => {
  const log = new SampleLog();
  for (const each of [sample(0, 10), sample(5, 4_000, false), sample(20, 30), sample(9_000, 9_001)])
    log.add(each);
  expect([log.ok, log.failed]).toEqual([3, 1]);
  expect(log.since(1_000)).toEqual([sample(5, 4_000, false), sample(9_000, 9_001)]);
  expect(log.since(10_000)).toEqual([]);
});

it('tells when a request that was sent late enough has ended', async () => {
  const log = new SampleLog();
  const stop = new AbortController();
  const reached = log.reached(100, stop.signal);
  log.add(sample(99, 300));
  const raced = await Promise.race([reached.then(() => true), Promise.resolve(false)]);
  expect(raced).toBe(false);
  log.add(sample(100, 101));
  await reached;
  const never = log.reached(1_000, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(never).rejects.toThrow('stopped');
});
