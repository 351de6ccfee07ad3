import type { StaleReads } from '../history/reads.ts';
import type { FaultName } from '../nemesis/fault-names.ts';

/** What one run has shown. */
export interface RunResult {
  seed: number;
  faults: FaultName[];
  /** What happened, and when. */
  notes: string[];
  acknowledged: number;
  /** Acknowledged writes that are gone; some of them are described. */
  lost: number;
  /** Writes that a member acknowledged after its successor had; some of them are described. */
  dualPrimary: number;
  /** Writes that are there and were never made, or were refused. */
  invented: number;
  staleReads: StaleReads;
  examples: string[];
  /** What was not as it should be when the time for it was over. */
  notConverged?: string;
  /** The longest time without an acknowledged write. Milliseconds. */
  unavailableMs: number;
  /** From the end of the last fault until everything was well again. Milliseconds. */
  healedMs?: number;
}

/** Why a run fails, in words; empty where it does not. With Eventual, writes may be lost by design. */
export function failuresOf(run: RunResult, isStrong: boolean): string[] {
  const count = (n: number, what: string) => (n > 0 ? [`${n} ${what}`] : []);
  return [
    ...(isStrong ? count(run.lost, 'acknowledged and lost') : []),
    ...(isStrong ? count(run.dualPrimary, 'acknowledged by a primary that had been replaced') : []),
    ...(isStrong ? count(run.staleReads.byPrimary, 'reads lacked what was acknowledged') : []),
    ...count(run.invented, 'there that nobody wrote'),
    ...(run.notConverged === undefined ? [] : [`not converged: ${run.notConverged}`]),
  ];
}
