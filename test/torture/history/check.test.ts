import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from '../../workload/torture/number-set.ts';
import type { Operation } from '../../workload/torture/operation.ts';
import { check } from './check.ts';
import { longestGapMs } from './gap.ts';
import { type Ack, type History, acksOf } from './history.ts';
import { correctHistories } from './testing/correct-histories.ts';

const clean = { lost: [], dual: [], invented: [] };
const nothingStale = { byPrimary: 0, byOther: 0, unacknowledged: 0 };

/** A write of client a. */
const write = (n: number, answeredBy: string, t: [number, number], more: Partial<Operation> = {}) =>
  ({ k: 'kept', n, t, outcome: 'ok', answeredBy, ...more }) satisfies Operation;
const read = (seen: string, answeredBy: string, t: [number, number]): Operation => ({
  k: 'new',
  t,
  outcome: 'ok',
  answeredBy,
  seen: { a: seen },
});
const history = (a: Operation[], more: Partial<History> = {}): History => ({
  clients: { a },
  leaders: [['A'], ['B']],
  ...more,
});
const numbersOf = (acks: readonly Ack[]) => acks.map(({ number }) => number);

describe('a correct history', () => {
  it('has no findings', () => {
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

  it('with a lost write has exactly that finding', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        const acks = acksOf(correct);
        const ack = acks[pick % (acks.length || 1)];
        fc.pre(ack !== undefined);
        const rest = correct.final?.[ack.client]?.minus(NumberSet.of([ack.number]));
        const final = { ...correct.final, [ack.client]: rest! };
        expect(check({ ...correct, final })).toMatchObject({ ...clean, lost: [ack] });
      }),
    );
  });

  it('with a write acknowledged by a replaced member has exactly that finding', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        // A member that acknowledged before another one did.
        const acks = acksOf(correct);
        const at = acks.findIndex(({ answeredBy }) => answeredBy !== acks[0]?.answeredBy);
        fc.pre(at > 0);
        const after = acks[at + (pick % (acks.length - at))]!.ended;
        const lateAck = write(999, acks[0]!.answeredBy, [after + 0.1, after + 0.2]);
        const clients = { ...correct.clients, z: [lateAck] };
        const final = { ...correct.final, z: NumberSet.of([999]) };
        const found = check({ ...correct, clients, final });
        expect(found).toMatchObject({ lost: [], invented: [] });
        expect(found.dual).toContainEqual(expect.objectContaining({ client: 'z', number: 999 }));
      }),
    );
  });

  it('with a read that lacks an acknowledged write has exactly that finding', () => {
    fc.assert(
      fc.property(correctHistories, fc.nat(), (correct, pick) => {
        const acks = acksOf(correct);
        const ack = acks[pick % (acks.length || 1)];
        fc.pre(ack !== undefined);
        const { client, number } = ack;
        const last = Math.max(
          ...Object.values(correct.clients).flatMap((all) => all.map(({ t }) => t[1])),
        );
        const seen = correct.final![client]!.minus(NumberSet.of([number])).toString();
        const stale = { ...read('', correct.leaders.at(-1)![0]!, [last + 1, last + 2]) };
        const later = write(999, stale.answeredBy ?? '', [last + 3, last + 4]);
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

  it('are not reported if the acknowledgements only overlap', () => {
    expect(dual([write(1, 'A', [0, 10]), write(2, 'B', [5, 15]), write(3, 'A', [14, 20])])).toEqual(
      [],
    );
  });

  it('are reported if the old one acknowledges a write sent after the first acknowledgement of the new one', () => {
    const operations = [write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), write(3, 'A', [7, 8])];
    expect(dual([...operations, write(4, 'A', [9, 12]), write(5, 'B', [10, 11])])).toEqual([3, 4]);
  });

  it('are not reported if the old one has become primary again', () => {
    const operations = [write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), write(3, 'A', [7, 8])];
    expect(dual(operations, [['A'], ['B'], ['A']])).toEqual([]);
    expect(dual([...operations, write(4, 'B', [9, 10])], [['A'], ['B'], ['A']])).toEqual([4]);
  });

  it('are reported if a member acknowledges that was never primary', () => {
    expect(dual([write(1, 'C', [0, 1]), write(2, 'A', [2, 3])])).toEqual([1]);
  });

  it('are not reported if one member has several addresses, or a leader never acknowledged', () => {
    const leaders = [['A', 'A2'], ['C'], ['B']];
    const operations = [write(1, 'A', [0, 1]), write(2, 'A2', [2, 3]), write(3, 'B', [4, 5])];
    expect(dual(operations, leaders)).toEqual([]);
  });

  it('are not reported for writes that were not acknowledged', () => {
    const late = write(3, 'A', [7, 8], { outcome: 'unknown' });
    expect(dual([write(1, 'A', [0, 1]), write(2, 'B', [5, 6]), late])).toEqual([]);
  });
});

describe('stale reads', () => {
  it('are distinguished by the member that answered, and by what was missing', () => {
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

describe('a write that was never made', () => {
  it('must not be found', () => {
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
  it('is the longest gap that contains the fault or begins after it', () => {
    expect(longestGapMs(acks, 7, 120)).toBe(90);
    expect(longestGapMs(acks, 30, 120)).toBe(90);
    expect(longestGapMs(acks, 105, 120)).toBe(10);
    expect(longestGapMs(acks, 105, 500)).toBe(390);
    expect(longestGapMs([], 100, 250)).toBe(150);
  });
});
