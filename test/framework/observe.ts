import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleLog } from './sample-log.ts';
import { clientTimeoutMs } from './traffic.ts';
import { type Window, analyse } from './window.ts';

/**
 * Watches a client from a fault on.
 *
 * @param faultAt milliseconds since the Unix epoch. @param windowMs how long.
 */
export async function observe(
  log: SampleLog,
  faultAt: number,
  windowMs: number,
  signal: AbortSignal,
): Promise<Window> {
  const until = faultAt + windowMs;
  await sleep(Math.max(0, until - Date.now()), undefined, { signal });
  // What was sent last in the window has ended for certain when one has that was sent so much later.
  const reportMs = 10_000;
  const late = AbortSignal.timeout(clientTimeoutMs + reportMs);
  await log.reached(until + clientTimeoutMs, AbortSignal.any([signal, late]));
  return analyse(log.since(faultAt), faultAt, until);
}
