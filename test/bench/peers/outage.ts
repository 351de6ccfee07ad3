import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleLog } from '../../measure/sample-log.ts';
import { type Window, analyse } from '../../measure/window.ts';

const lookMs = 250;

export interface OutageOptions {
  /** Milliseconds since the Unix epoch. */
  faultAt: number;
  /** It is watched until it has been over for so long, */
  calmMs: number;
  /** but no longer than this. */
  mostMs: number;
  /** When the client gives a write up. */
  timeoutMs: number;
}

/** Watches a client from a fault on until its writes are acknowledged again and have been for a while. */
export async function observeOutage(
  log: SampleLog,
  { faultAt, calmMs, mostMs, timeoutMs }: OutageOptions,
  signal: AbortSignal,
): Promise<Window> {
  for (;;) {
    await sleep(lookMs, undefined, { signal });
    const samples = log.since(faultAt);
    // Anything sent before has been reported.
    const until = samples.reduce((latest, { sentAt }) => Math.max(latest, sentAt), 0) - timeoutMs;
    const window = analyse(samples, faultAt, until);
    const isOver = until - faultAt > window.lastFailureMs + calmMs;
    if (isOver || until - faultAt > mostMs) return window;
  }
}
