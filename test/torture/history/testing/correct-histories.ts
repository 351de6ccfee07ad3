import fc from 'fast-check';
import { NumberSet } from '../../../workload/torture/number-set.ts';
import type { Operation } from '../../../workload/torture/operation.ts';
import type { History } from '../history.ts';

const clients = ['a', 'b', 'c'];

/** An operation of a client in a simulated run: a write takes effect at once, and ends after the next ones have begun. */
const step = fc.record({
  client: fc.constantFrom(...clients),
  kind: fc.constantFrom('write', 'write', 'write', 'read', 'failover', 'zombie'),
  outcome: fc.constantFrom<Operation['outcome'][]>('ok', 'ok', 'ok', 'unknown', 'failed'),
  /** Its duration in milliseconds. */
  took: fc.nat(20),
  /** Whether a write of unknown outcome was done; whether it survives a failover. */
  done: fc.boolean(),
});

/** A history that a correct service can produce: any mixture of writes, reads, failovers and lost answers. */
export const correctHistories = fc.array(step, { maxLength: 150 }).map((steps): History => {
  const all: Record<string, Operation[]> = { a: [], b: [], c: [] };
  const next: Record<string, number> = { a: 1, b: 1, c: 1 };
  const safe: Record<string, NumberSet> = Object.fromEntries(
    clients.map((c) => [c, new NumberSet()]),
  );
  const leaders = [['m0']];
  steps.forEach(({ client, kind, outcome, took, done }, i) => {
    const leader = `m${leaders.length - 1}`;
    const t: [number, number] = [i * 10, i * 10 + took];
    const k = i % 2 === 0 ? 'new' : 'kept';
    const seen = () => Object.fromEntries(clients.map((c) => [c, safe[c]?.toString() ?? '']));
    if (kind === 'failover') {
      // From now on the old one answers no more.
      for (const operation of Object.values(all).flat()) {
        if (operation.t[1] > t[0] && operation.outcome === 'ok') operation.t[1] = t[0];
      }
      leaders.push([`m${leaders.length}`]);
    } else if (kind === 'read') {
      all[client]?.push({ k, t, outcome: 'ok', seen: seen(), answeredBy: leader });
    } else {
      const n = next[client] ?? 1;
      next[client] = n + 1;
      const zombie = kind === 'zombie';
      const is = zombie && outcome === 'ok' ? 'unknown' : outcome;
      if (is === 'ok' || (is === 'unknown' && done)) safe[client]?.add(n);
      all[client]?.push({ k, n, t, outcome: is, answeredBy: leader });
    }
  });
  return { clients: all, final: safe, leaders };
});
