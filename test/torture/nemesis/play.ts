import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultName } from './fault-names.ts';
import { type FaultTools, type Injected, NotPossibleNow } from './fault-tools.ts';
import { inject } from './faults.ts';
import type { Step } from './plan.ts';

export interface Played {
  /** Time of the first fault, on the clock of `now`. */
  startedAt: number;
  /** Events in order, for people. */
  notes: string[];
  /** Faults that were not possible. */
  skipped: FaultName[];
}

/**
 * Injects the faults of a plan, each at its time, and undoes each, even if the signal ends the run.
 *
 * @throws the signal's reason; the error of a step that should have worked.
 */
export async function play(
  steps: readonly Step[],
  tools: FaultTools,
  { now, signal }: { now: () => number; signal: AbortSignal },
): Promise<Played> {
  const startedAt = now();
  const played: Played = { startedAt, notes: [], skipped: [] };
  const note = (text: string) => played.notes.push(`${Math.round(now() - startedAt)} ms: ${text}`);
  const until = (atMs: number) =>
    sleep(Math.max(0, startedAt + atMs - now()), undefined, { signal });
  const act = async ({ fault, atMs, holdMs, pick }: Step) => {
    let injected: Injected | undefined;
    try {
      await until(atMs);
      const primary = tools.roles.primary();
      injected = await inject(fault, pick, tools);
      const { what = '' } = injected;
      note(
        `${fault}${what && ` ${what}`} (primary ${primary?.name ?? 'none'} on ${primary?.node ?? 'no node'})`,
      );
      if (holdMs > 0) await until(now() - startedAt + holdMs);
    } catch (error) {
      if (!(error instanceof NotPossibleNow)) throw error;
      played.skipped.push(fault);
      note(`${fault} was skipped: ${error.message}`);
    } finally {
      await injected?.undo();
      if (injected !== undefined && holdMs > 0) note(`end of ${fault}`);
    }
  };
  const results = await Promise.allSettled(steps.map(act));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return played;
}
