import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName } from './fault-names.ts';
import { type Means, NotNow, type Undo, inject } from './faults.ts';
import type { Step } from './plan.ts';

export interface Played {
  /** When the first fault came. As `now` counts. */
  startedAt: number;
  /** What happened, in order, for a person. */
  notes: string[];
  /** What could not be done. */
  skipped: FaultName[];
}

/**
 * Lets the steps of a plan happen, each at its time, and undoes each. Undoes what has happened also where it is ended by the
 * signal.
 *
 * @throws the signal's reason; the error of a step that should have worked.
 */
export async function play(
  steps: readonly Step[],
  means: Means,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<Played> {
  const startedAt = now();
  const played: Played = { startedAt, notes: [], skipped: [] };
  const note = (text: string) => played.notes.push(`${Math.round(now() - startedAt)} ms: ${text}`);
  const until = (atMs: number) =>
    sleep(Math.max(0, startedAt + atMs - now()), undefined, { signal });
  const act = async ({ fault, atMs, holdMs, pick }: Step) => {
    let undo: Undo | undefined;
    try {
      await until(atMs);
      const primary = means.cast.primary();
      undo = await inject(fault, pick, means);
      note(`${fault} (primary ${primary?.name ?? 'none'} on ${primary?.node ?? 'no node'})`);
      if (holdMs > 0) await until(now() - startedAt + holdMs);
    } catch (error) {
      if (!(error instanceof NotNow)) throw error;
      played.skipped.push(fault);
      note(`${fault} was left out: ${error.message}`);
    } finally {
      await undo?.();
      if (undo !== undefined && holdMs > 0) note(`end of ${fault}`);
    }
  };
  const results = await Promise.allSettled(steps.map(act));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return played;
}
