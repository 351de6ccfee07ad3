import { expect, it, onTestFinished } from 'vitest';
import type { Operation } from './operation.ts';
import { type Database, Refused, type Session } from './session.ts';
import { Writer, type WriterOptions } from './writer.ts';

/** Outcome of the n-th write: undefined is success, 'hang' lasts until the connection is closed. */
type Fate = Error | 'hang' | undefined;

function fake(fate: (n: number) => Fate, onConnect: () => void = () => {}) {
  const connections: { writes: number[] }[] = [];
  const database: Database = {
    connect: async () => {
      onConnect();
      const connection = { writes: [] as number[] };
      connections.push(connection);
      const closed = Promise.withResolvers<never>();
      closed.promise.catch(() => {});
      return {
        answeredBy: 'A',
        write: async (_, n) => {
          connection.writes.push(n);
          const meets = fate(n);
          if (meets === 'hang') return closed.promise;
          if (meets !== undefined) throw meets;
        },
        read: async () => ({ a: '1-2' }),
        close: () => closed.reject(new Error('closed')),
      } satisfies Session;
    },
  };
  return { database, connections };
}

/** Runs a writer until `enough` accepts its operations. */
async function run(
  database: Database,
  enough: (operations: readonly Operation[]) => boolean,
  options: Partial<WriterOptions> = {},
): Promise<Operation[]> {
  const base = { client: 'a', clients: ['a'], keptMs: 2, newMs: 2, timeoutMs: 2_000, readEvery: 0 };
  const writer = new Writer({ ...base, ...options }, database);
  onTestFinished(() => writer.stop());
  const done = Promise.withResolvers<undefined>();
  const { operations } = writer;
  const push = operations.push.bind(operations);
  operations.push = (...added) => {
    const size = push(...added);
    if (enough(operations)) done.resolve(undefined);
    return size;
  };
  writer.start();
  await done.promise;
  await writer.stop();
  return operations;
}

const of = (operations: readonly Operation[], kind: Operation['k']) =>
  operations.filter(({ k }) => k === kind);
const numbers = (operations: readonly Operation[]) => operations.flatMap(({ n }) => n ?? []);

it('writes each number once, on a kept connection and on new ones, and reads from time to time', async () => {
  const { database, connections } = fake(() => undefined);
  const all = await run(
    database,
    (seen) => of(seen, 'kept').length >= 20 && of(seen, 'new').length >= 20,
    { readEvery: 5 },
  );
  const written = connections.flatMap(({ writes }) => writes).sort((a, b) => a - b);
  expect(written).toEqual([...new Set(numbers(all))].sort((a, b) => a - b));
  expect(written).toEqual(written.map((_, i) => i + 1));
  expect(all.every(({ outcome, answeredBy }) => outcome === 'ok' && answeredBy === 'A')).toBe(true);
  expect(connections.filter(({ writes }) => writes.length > 1)).toHaveLength(1);
  const reads = of(all, 'kept').filter(({ seen }) => seen?.['a'] === '1-2');
  expect(reads).toHaveLength(Math.floor(of(all, 'kept').length / 5));
});

it('distinguishes refused writes from those that may have been done, and continues with the next number', async () => {
  const fates: Record<number, Fate> = { 1: new Refused('READONLY'), 2: new Error('reset') };
  const { database, connections } = fake((n) => fates[n]);
  const all = await run(database, (seen) => of(seen, 'kept').length >= 4, { newMs: 60_000 });
  const kept = of(all, 'kept').map(({ outcome, e }) => [outcome, e]);
  const first = kept.findIndex(([outcome]) => outcome === 'ok');
  expect(all.find(({ n }) => n === 1)).toMatchObject({ outcome: 'failed', e: 'READONLY' });
  expect(all.find(({ n }) => n === 2)).toMatchObject({ outcome: 'unknown', e: 'reset' });
  expect(kept.slice(first).every(([outcome]) => outcome === 'ok')).toBe(true);
  // After each failure another connection is opened.
  expect(connections.filter(({ writes }) => writes.some((n) => n <= 2))).toHaveLength(2);
});

it('reports an abandoned write as unknown, and does not delay others', async () => {
  let hung: number | undefined;
  const { database } = fake((n) => {
    hung ??= n;
    return n === hung ? 'hang' : undefined;
  });
  const all = await run(database, (seen) => numbers(seen).includes(hung ?? 0), { timeoutMs: 50 });
  const given = all.find(({ n }) => n === hung);
  expect(given).toMatchObject({ outcome: 'unknown', e: 'timeout' });
  expect(all.some(({ n, k, outcome }) => n !== hung && k === 'new' && outcome === 'ok')).toBe(true);
});

it('reports a write as failed if there was no connection', async () => {
  const { database } = fake(
    () => undefined,
    () => {
      throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    },
  );
  const all = await run(database, (seen) => seen.length >= 4);
  expect(all.every(({ outcome, e }) => outcome === 'failed' && e === 'ECONNREFUSED')).toBe(true);
});
