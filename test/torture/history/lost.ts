import { NumberSet } from '../../workload/torture/number-set.ts';
import { type Ack, type History, acksOf } from './history.ts';

/** Writes that were acknowledged, but are missing at the end. */
export function lostWrites(history: History): Ack[] {
  const { final } = history;
  if (final === undefined) return [];
  return acksOf(history).filter(({ client, number }) => final[client]?.has(number) !== true);
}

/** Writes that are there at the end although they were never made, or were refused: `CLIENT:NUMBER`. */
export function inventedWrites({ clients, final = {} }: History): string[] {
  return Object.entries(final).flatMap(([client, numbers]) => {
    const possible = NumberSet.of(
      (clients[client] ?? []).flatMap(({ n, outcome }) =>
        n === undefined || outcome === 'failed' ? [] : [n],
      ),
    );
    return [...numbers.minus(possible)].map((number) => `${client}:${number}`);
  });
}
