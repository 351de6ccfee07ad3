import type { NumberSet } from '../../workload/torture/number-set.ts';
import type { Operation } from '../../workload/torture/operation.ts';

/** What all clients did in one run, and what was there at its end. */
export interface History {
  /** Operations of each client, by its name, in any order. */
  clients: Record<string, readonly Operation[]>;
  /** What the primary held after everything was healed, by client; absent where writes are not kept. */
  final?: Record<string, NumberSet>;
  /**
   * Who was primary, one after the other, as the operator committed it: each with every identity (`who`) that it may have
   * answered by.
   */
  leaders: readonly (readonly string[])[];
}

/** A write that was acknowledged. */
export interface Ack {
  client: string;
  number: number;
  sent: number;
  ended: number;
  who: string;
}

/** In the order of their ends. */
export function acksOf({ clients }: Pick<History, 'clients'>): Ack[] {
  return Object.entries(clients)
    .flatMap(([client, operations]) =>
      operations.flatMap(({ n, t: [sent, ended], outcome, who = '' }): Ack[] =>
        n === undefined || outcome !== 'ok' ? [] : [{ client, number: n, sent, ended, who }],
      ),
    )
    .sort((a, b) => a.ended - b.ended);
}
