import type { Connection, Reporter } from './report.ts';
import type { Outcome } from './request.ts';
import { type Beat, runDue } from './schedule.ts';

/** Milliseconds since the Unix epoch, with fractions, that never go backwards. */
const now = () => performance.timeOrigin + performance.now();

/** An action that is repeated, and reported on. */
export interface Stream {
  /** Name of the target. */
  name: string | undefined;
  kind: Connection;
  /** Undefined if it has skipped this turn. */
  send: () => Promise<Outcome | undefined>;
}

/**
 * Sends on each stream at a fixed rate until `stop`, in turn; then waits for the last answers. No request waits for the answer to
 * another, unless the stream itself skips a turn.
 */
export async function runStreams(
  streams: readonly Stream[],
  intervalMs: number,
  reporter: Pick<Reporter, 'add'>,
  stop: AbortSignal,
): Promise<void> {
  const pending = new Set<Promise<void>>();
  const acts = streams.map(({ name, kind, send }) => () => {
    const sentAt = now();
    const sent = send().then((outcome) => {
      pending.delete(sent);
      if (outcome !== undefined) reporter.add(name, kind, sentAt, now(), outcome);
    });
    pending.add(sent);
  });
  const start = now();
  const gap = intervalMs / streams.length;
  const beats = acts.map((act, i): Beat => ({ nextAt: start + i * gap, act }));
  await beat(beats, intervalMs, stop);
  await Promise.all(pending);
}

function beat(beats: Beat[], intervalMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const tick = () => {
      const nextAt = runDue(beats, intervalMs, now());
      timer = setTimeout(tick, Math.max(0, nextAt - now()));
    };
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    else tick();
  });
}
