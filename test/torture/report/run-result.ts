import type { ExperimentVerdict } from '../../../src/api/chaos-status.ts';
import type { StaleReads } from '../history/reads.ts';
import type { FaultName } from '../nemesis/fault-names.ts';

/** Result of one run. */
export interface RunResult {
  seed: number;
  faults: FaultName[];
  /** Events with their times. */
  notes: string[];
  /** Verdicts on the experiments that were due. */
  verdicts: ExperimentVerdict[];
  acknowledged: number;
  /** Number of acknowledged writes that are missing; `examples` describes some. */
  lost: number;
  /** Number of writes that a member acknowledged after its successor had; `examples` describes some. */
  dualPrimary: number;
  /** Number of writes that are there but were never made, or were refused. */
  invented: number;
  staleReads: StaleReads;
  examples: string[];
  /** What was still wrong when the time limit was over. */
  notConverged?: string;
  /** The longest time without an acknowledged write. Milliseconds. */
  unavailableMs: number;
  /** From the end of the last fault until everything was healthy again. Milliseconds. */
  healedMs?: number;
}

/** Why a run fails, in words; empty if it does not. With Eventual, writes may be lost by design. */
export function failuresOf(run: RunResult, isStrong: boolean): string[] {
  const count = (n: number, what: string) => (n > 0 ? [`${n} ${what}`] : []);
  return [
    ...(isStrong ? count(run.lost, 'acknowledged and lost') : []),
    ...(isStrong ? count(run.dualPrimary, 'acknowledged by a primary that had been replaced') : []),
    ...(isStrong ? count(run.staleReads.byPrimary, 'reads lacked what was acknowledged') : []),
    ...count(run.invented, 'there but never written'),
    ...(run.notConverged === undefined ? [] : [`not converged: ${run.notConverged}`]),
  ];
}
