import { NumberSet } from '../../workload/torture/number-set.ts';
import { type Ack, type History, acksOf } from './history.ts';

/** Acknowledged, and not there at the end. */
export function lostWrites(history: History): Ack[] {
  const { final } = history;
  if (final === undefined) return [];
  return acksOf(history).filter(({ client, number }) => final[client]?.has(number) !== true);
}

/** There at the end although nobody wrote it, or its write was refused: `CLIENT:NUMBER`. */
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
