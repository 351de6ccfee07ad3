import { type Ack, type History, acksOf } from './history.ts';
import { inventedWrites, lostWrites } from './lost.ts';
import { dualAcks } from './dual.ts';
import { type StaleReads, staleReads } from './reads.ts';

export interface Findings {
  acknowledged: number;
  lost: Ack[];
  /** Acknowledged by a member that had been replaced: see dualAcks. */
  dual: Ack[];
  /** In the database, but never written: `CLIENT:NUMBER`. */
  invented: string[];
  staleReads: StaleReads;
}

/** Checks a history for all violations. */
export function check(history: History): Findings {
  const acks = acksOf(history);
  return {
    acknowledged: acks.length,
    lost: lostWrites(history),
    dual: dualAcks(acks, history.leaders),
    invented: inventedWrites(history),
    staleReads: staleReads(history),
  };
}
