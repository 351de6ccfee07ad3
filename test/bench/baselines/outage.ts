import { setTimeout as sleep } from 'node:timers/promises';
import type { SampleLog } from '../../framework/sample-log.ts';
import type { Connection, Sample } from '../../framework/sample.ts';
import { type Window, analyse } from '../../framework/window.ts';

const lookMs = 250;

export interface OutageOptions {
  /** Milliseconds since the Unix epoch. */
  faultAt: number;
  /** The client is observed until the outage has been over for so long, */
  calmMs: number;
  /** but no longer than this. */
  mostMs: number;
  /** After how long the client abandons a write. */
  timeoutMs: number;
}

/** Failures of one kind, and the end of the last one. */
export interface Failure {
  connection: Connection;
  error: string;
  count: number;
  /** Whole milliseconds from the fault to the end of the last one. */
  lastMs: number;
}

export interface Outage {
  window: Window;
  failures: Failure[];
}

function failuresOf(samples: readonly Sample[], faultAt: number): Failure[] {
  const found = new Map<string, Failure>();
  for (const { connection, ok, endedAt, error = '' } of samples) {
    if (ok) continue;
    const key = `${connection} ${error}`;
    const failure = found.get(key) ?? { connection, error, count: 0, lastMs: 0 };
    failure.count += 1;
    failure.lastMs = Math.max(failure.lastMs, Math.round(endedAt - faultAt));
    found.set(key, failure);
  }
  return [...found.values()].sort((a, b) => a.lastMs - b.lastMs);
}

/** Observes a client after a fault until its writes have been acknowledged again for a while. */
export async function observeOutage(
  log: SampleLog,
  { faultAt, calmMs, mostMs, timeoutMs }: OutageOptions,
  signal: AbortSignal,
): Promise<Outage> {
  for (;;) {
    await sleep(lookMs, undefined, { signal });
    const samples = log.since(faultAt);
    // All samples sent before have been reported.
    const until = samples.reduce((latest, { sentAt }) => Math.max(latest, sentAt), 0) - timeoutMs;
    const window = analyse(samples, faultAt, until);
    const isOver = until - faultAt > window.lastFailureMs + calmMs;
    if (!isOver && until - faultAt <= mostMs) continue;
    return { window, failures: failuresOf(samples, faultAt) };
  }
}
