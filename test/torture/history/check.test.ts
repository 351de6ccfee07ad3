import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from '../../workload/torture/number-set.ts';
import type { Operation } from '../../workload/torture/operation.ts';
import { check } from './check.ts';
import { longestGapMs } from './gap.ts';
import { type Ack, type History, acksOf } from './history.ts';
import { correctHistories } from './testing/world.ts';

const clean = { lost: [], dual: [], invented: [] };
const nothingStale = { byPrimary: 0, byOther: 0, unacknowledged: 0 };

/** A write of client a. */
const write = (n: number, who: string, t: [number, number], more: Partial<Operation> = {}) =>
  ({ k: 'kept', n, t, outcome: 'ok', who, ...more }) satisfies Operation;
const read = (seen: string, who: string, t: [number, number]): Operation => ({
  k: 'new',
  t,
  outcome: 'ok',
  who,
  seen: { a: seen },
});
const history = (a: Operation[], more: Partial<History> = {}): History => ({
  clients: { a },
  leaders: [['A'], ['B']],
  ...more,
});
const numbersOf = (acks: readonly Ack[]) => acks.map(({ number }) => number);

describe('a correct history', () => {
  it('is found guilty of nothing', () => {
    fc.assert(
      fc.property(correctHistories, (correct) => {
        expect(check(correct)).toMatchObject({
          ...clean,
          acknowledged: acksOf(correct).length,
          staleReads: nothingStale,
        });
      }),
    );
  });

  it('with a write that was lost is found guilty of just that', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        const acks = acksOf(correct);
        const victim = acks[pick % (acks.length || 1)];
        fc.pre(victim !== undefined);
        const rest = correct.final?.[victim.client]?.minus(NumberSet.of([victim.number]));
        const final = { ...correct.final, [victim.client]: rest! };
        expect(check({ ...correct, final })).toMatchObject({ ...clean, lost: [victim] });
      }),
    );
  });

  it('with a write that a replaced member acknowledged is found guilty of just that', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        // Somebody who acknowledged before another did.
        const acks = acksOf(correct);
        const at = acks.findIndex(({ who }) => who !== acks[0]?.who);
        fc.pre(at > 0);
        const after = acks[at + (pick % (acks.length - at))]!.ended;
        const zombie = write(999, acks[0]!.who, [after + 0.1, after + 0.2]);
        const clients = { ...correct.clients, z: [zombie] };
        const final = { ...correct.final, z: NumberSet.of([999]) };
        const found = check({ ...correct, clients, final });
        expect(found).toMatchObject({ lost: [], invented: [] });
        expect(found.dual).toContainEqual(expect.objectContaining({ client: 'z', number: 999 }));
      }),
    );
  });

  it('with a read that lacks an acknowledged write is found guilty of just that', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        const acks = acksOf(correct);
        const victim = acks[pick % (acks.length || 1)];
        fc.pre(victim !== undefined);
        const { client, number } = victim;
        const last = Math.max(
          ...Object.values(correct.clients).flatMap((all) => all.map(({ t }) => t[1])),
        );
        const seen = correct.final![client]!.minus(NumberSet.of([number])).toString();
        const stale = { ...read('', correct.leaders.at(-1)![0]!, [last + 1, last + 2]) };
        const later = write(999, stale.who ?? '', [last + 3, last + 4]);
        const clients = { ...correct.clients, z: [{ ...stale, seen: { [client]: seen } }, later] };
        const final = { ...correct.final, z: NumberSet.of([999]) };
        expect(check({ ...correct, clients, final })).toMatchObject({
          ...clean,
          staleReads: { ...nothingStale, byPrimary: 1 },
        });
      }),
    );
  });
});

describe('two primaries', () => {
  const dual = (operations: Operation[], leaders = [['A'], ['B']]) =>
    numbersOf(check({ ...history(operations), leaders }).dual);

  it('are not seen where the acknowledgements only overlap', () => {
    expect(dual([write(1, 'A', [0, 10]), write(2, 'B', [5, 15]), write(3, 'A', [14, 20])])).toEqual(
      [],
    );
  });

  it('are seen where the old one acknowledges what was sent after the new one acknowledged', () => {
    const operations = [write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), write(3, 'A', [7, 8])];
    expect(dual([...operations, write(4, 'A', [9, 12]), write(5, 'B', [10, 11])])).toEqual([3, 4]);
  });

  it('are not seen where the old one was made primary again', () => {
    const operations = [write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), write(3, 'A', [7, 8])];
    expect(dual(operations, [['A'], ['B'], ['A']])).toEqual([]);
    expect(dual([...operations, write(4, 'B', [9, 10])], [['A'], ['B'], ['A']])).toEqual([4]);
  });

  it('are seen where one acknowledges who was never primary', () => {
    expect(dual([write(1, 'C', [0, 1]), write(2, 'A', [2, 3])])).toEqual([1]);
  });

  it('are not seen where one member has several identities, or one leader never acknowledged', () => {
    const leaders = [['A', 'A2'], ['C'], ['B']];
    const operations = [write(1, 'A', [0, 1]), write(2, 'A2', [2, 3]), write(3, 'B', [4, 5])];
    expect(dual(operations, leaders)).toEqual([]);
  });

  it('count nothing that was not acknowledged', () => {
    const late = write(3, 'A', [7, 8], { outcome: 'unknown' });
    expect(dual([write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), late])).toEqual([]);
  });
});

describe('reads that went back', () => {
  it('are told apart by who answered, and by what was missing', () => {
    const operations = [
      write(1, 'A', [0, 1]),
      write(2, 'A', [2, 9], { outcome: 'unknown' }),
      read('1-2', 'A', [3, 4]),
      write(3, 'B', [10, 11]),
      read('1', 'A', [12, 13]),
      read('1,3', 'B', [12, 13]),
      read('3', 'B', [14, 15]),
      write(4, 'B', [16, 17]),
    ];
    expect(check(history(operations)).staleReads).toEqual({
      byPrimary: 1,
      byOther: 1,
      unacknowledged: 1,
    });
  });
});

describe('what was not written', () => {
  it('must not be there', () => {
    const operations = [
      write(1, 'A', [0, 1], { outcome: 'failed' }),
      write(2, 'A', [2, 3], { outcome: 'unknown' }),
    ];
    const final = { a: NumberSet.of([1, 2, 3]) };
    expect(check(history(operations, { final })).invented).toEqual(['a:1', 'a:3']);
  });
});

describe('the time without writes', () => {
  const acks = [5, 10, 100, 110].map((ended) => ({ ended }) as Ack);
  it('is the longest one that the fault or something later belongs to', () => {
    expect(longestGapMs(acks, 7, 120)).toBe(90);
    expect(longestGapMs(acks, 30, 120)).toBe(90);
    expect(longestGapMs(acks, 105, 120)).toBe(10);
    expect(longestGapMs(acks, 105, 500)).toBe(390);
    expect(longestGapMs([], 100, 250)).toBe(150);
  });
});
