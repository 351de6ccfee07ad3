import { expect, it, onTestFinished, vi } from 'vitest';
import { SampleLog } from '../../framework/sample-log.ts';
import { observeOutage } from './outage.ts';

/** A client that writes every 10 ms, and fails during a period. Milliseconds from the fault. */
function client(from: number, to: number, until: number) {
  vi.useFakeTimers({ now: 0 });
  onTestFinished(() => void vi.useRealTimers());
  const log = new SampleLog();
  for (let at = 0; at < until; at += 10) {
    const ok = at < from || at >= to;
    const error = ok ? {} : { error: 'timeout' };
    const sample = { connection: 'kept', sentAt: at, endedAt: at + 1, ok, ...error } as const;
    setTimeout(() => log.add(sample), at);
  }
  return log;
}

const options = { faultAt: 0, calmMs: 1_000, mostMs: 5_000, timeoutMs: 100 };

it('ends once writes have been acknowledged for a while', async () => {
  const log = client(50, 2_000, 10_000);
  const seen = observeOutage(log, options, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(3_000);
  let isOver = false;
  void seen.then(() => (isOver = true));
  await vi.advanceTimersByTimeAsync(0);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(500);
  expect(await seen).toMatchObject({
    window: { lastFailureMs: 1_991, firstSuccessMs: 2_001, isStillFailing: false },
    failures: [{ connection: 'kept', error: 'timeout', count: 195, lastMs: 1_991 }],
  });
});

it('ends at the time limit', async () => {
  const log = client(50, 20_000, 20_000);
  const seen = observeOutage(log, options, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await seen).toMatchObject({
    window: { isStillFailing: true, firstSuccessMs: undefined },
  });
});
