import type { NumberSet } from '../../workload/torture/number-set.ts';
import type { Operation } from '../../workload/torture/operation.ts';

/** Operations of all clients in one run, and the data at its end. */
export interface History {
  /** Operations of each client, by its name, in any order. */
  clients: Record<string, readonly Operation[]>;
  /** Writes that the primary held after all faults were over, by client; absent if the engine stores none. */
  final?: Record<string, NumberSet>;
  /**
   * The primaries in the order in which the operator committed them: each with every address (`answeredBy`) by which it may have
   * answered.
   */
  leaders: readonly (readonly string[])[];
}

/** A write that was acknowledged. */
export interface Ack {
  client: string;
  number: number;
  sent: number;
  ended: number;
  answeredBy: string;
}

/** In the order of their ends. */
export function acksOf({ clients }: Pick<History, 'clients'>): Ack[] {
  return Object.entries(clients)
    .flatMap(([client, operations]) =>
      operations.flatMap(({ n, t: [sent, ended], outcome, answeredBy = '' }): Ack[] =>
        n === undefined || outcome !== 'ok' ? [] : [{ client, number: n, sent, ended, answeredBy }],
      ),
    )
    .sort((a, b) => a.ended - b.ended);
}
