import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { WorkQueue } from './work-queue.ts';

/** A handler whose calls end when the test decides. */
class Work {
  readonly started: string[] = [];
  readonly running = new Map<string, () => void>();
  overlaps = 0;

  readonly handler = (key: string): Promise<void> => {
    if (this.running.has(key)) this.overlaps += 1;
    this.started.push(key);
    return new Promise((resolve) => {
      this.running.set(key, () => {
        this.running.delete(key);
        resolve();
      });
    });
  };

  async end(key: string): Promise<void> {
    this.running.get(key)?.();
    await settled();
  }
}

/** Runs everything that is ready to run. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

interface SetUp {
  concurrency?: number;
  random?: () => number;
  isUrgent?: (key: string) => boolean;
}

function setUp({ concurrency = 2, random = () => 1, isUrgent = () => false }: SetUp = {}) {
  const clock = new FakeClock();
  const counts = { added: 0, retried: 0, depth: 0 };
  const waited: number[] = [];
  const worked: number[] = [];
  const queue = new WorkQueue({
    clock,
    random,
    name: 'test',
    isUrgent,
    metrics: {
      added: () => (counts.added += 1),
      depth: (keys) => (counts.depth = keys),
      waited: (ms) => waited.push(ms),
      worked: (ms) => worked.push(ms),
      retried: () => (counts.retried += 1),
    },
  });
  const work = new Work();
  const stop = new AbortController();
  const handler = (key: string, done: () => void) => void work.handler(key).then(done);
  const urgent: string[] = [];
  const onUrgent = (key: string) => void urgent.push(key);
  const run = () => queue.run({ concurrency, signal: stop.signal, handler, onUrgent });
  return { clock, queue, work, stop, run, counts, waited, worked, urgent };
}

describe('WorkQueue', () => {
  test('a waiting key is handled once, however often it was added', async () => {
    const { queue, work, run, counts } = setUp();
    queue.add('a');
    queue.add('a');
    expect(queue.length).toBe(1);
    void run();
    await work.end('a');
    expect([work.started, counts.added, counts.depth]).toEqual([['a'], 1, 0]);
  });

  test('a key that is added while it is handled comes again, once, and only afterwards', async () => {
    const { queue, work, run } = setUp();
    void run();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(work.started).toEqual(['a']);
    await work.end('a');
    expect(work.started).toEqual(['a', 'a']);
    await work.end('a');
    expect(work.started).toEqual(['a', 'a']);
  });

  test('at most the given number of keys at a time, in the order of arrival', async () => {
    const { queue, work, run } = setUp({ concurrency: 4 });
    void run();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect(work.started).toEqual(['a', 'b']);
    await work.end('b');
    expect(work.started).toEqual(['a', 'b', 'c']);
  });

  test('a namespace holds half of the workers at most, and namespaces take turns', async () => {
    const { queue, work, run } = setUp({ concurrency: 4 });
    void run();
    for (const key of ['slow/a', 'slow/b', 'slow/c', 'slow/d']) queue.add(key);
    expect(work.started).toEqual(['slow/a', 'slow/b']);
    for (const key of ['shop/a', 'team/a', 'shop/b']) queue.add(key);
    expect(work.started.slice(2)).toEqual(['shop/a', 'team/a']);
    await work.end('slow/a');
    await work.end('team/a');
    expect(work.started.slice(4)).toEqual(['slow/c', 'shop/b']);
  });

  test('an urgent key never waits for workers that other keys hold, nor behind keys that came first', async () => {
    const urgent = new Set(['shop/db', 'slow/db', 'slow/db2']);
    const { queue, work, run } = setUp({ concurrency: 2, isUrgent: (key) => urgent.has(key) });
    for (const key of ['slow/a', 'team/a', 'shop/a', 'shop/db']) queue.add(key);
    void run();
    expect(work.started).toEqual(['shop/db', 'slow/a', 'team/a']);
    // Also urgent keys of one namespace leave workers to those of others.
    await work.end('shop/db');
    for (const key of ['slow/db', 'slow/db2', 'shop/db']) queue.add(key);
    expect(work.started.slice(3)).toEqual(['slow/db', 'shop/db']);
  });

  test('a key that becomes urgent while it waits goes first, and is handled once', async () => {
    const urgent = new Set<string>();
    const { queue, work, run, counts } = setUp({ isUrgent: (key) => urgent.has(key) });
    for (const key of ['a', 'b', 'c']) queue.add(key);
    urgent.add('c');
    queue.add('c');
    urgent.delete('c');
    queue.add('c');
    void run();
    expect(work.started).toEqual(['c', 'a']);
    await work.end('c');
    await work.end('a');
    expect([work.started, queue.length, counts.added]).toEqual([['c', 'a', 'b'], 0, 3]);
  });

  test('the handler of a key is told if the key becomes urgent meanwhile', async () => {
    const isUrgent = (key: string) => key === 'b';
    const { queue, work, run, urgent } = setUp({ isUrgent, concurrency: 4 });
    void run();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    expect(urgent).toEqual([]);
    queue.add('b');
    expect(urgent).toEqual(['b']);
    await work.end('b');
    expect(work.started).toEqual(['a', 'b', 'b']);
  });

  test('the earliest of several delays of a key counts', () => {
    const { clock, queue, work, run } = setUp();
    void run();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 300);
    clock.advance(199);
    expect(work.started).toEqual([]);
    clock.advance(1);
    expect(work.started).toEqual(['a']);
  });

  test('after the earliest delay the later ones are dropped', async () => {
    const { clock, queue, work, run } = setUp();
    void run();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    clock.advance(200);
    await work.end('a');
    clock.advance(1_000);
    expect(work.started).toEqual(['a']);
  });

  test('the wait of a key doubles with each retry, up to 30 s, until forget', async () => {
    const { clock, queue, work, run, counts } = setUp();
    void run();
    const waits: number[] = [];
    const retry = async () => {
      const from = clock.now();
      const before = work.started.length;
      queue.addRateLimited('a');
      while (work.started.length === before) clock.advance(1);
      waits.push(clock.now() - from);
      await work.end('a');
    };
    for (let i = 0; i < 15; i++) await retry();
    queue.forget('a');
    await retry();
    expect(waits.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(waits.slice(-3)).toEqual([30_000, 30_000, 5]);
    expect(counts.retried).toBe(16);
  });

  test('a stop waits for running handlers and starts no new one', async () => {
    const { clock, queue, work, stop, run } = setUp({ concurrency: 1 });
    let ended = false;
    const running = run().then(() => (ended = true));
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    stop.abort();
    await settled();
    clock.advance(10);
    expect([ended, work.started]).toEqual([false, ['a']]);
    await work.end('a');
    await running;
    expect(work.started).toEqual(['a']);
  });

  test('a handler that ends after the stop leaves no timer, which would keep the process alive', async () => {
    const clock = new FakeClock();
    const timers = vi.spyOn(clock, 'after');
    const queue = new WorkQueue({ clock, random: () => 1, name: 'test' });
    const stop = new AbortController();
    let end = () => {};
    queue.add('a');
    queue.addAfter('b', 1_000);
    const handler = (_key: string, done: () => void) => void (end = done);
    const running = queue.run({ concurrency: 1, signal: stop.signal, handler });
    stop.abort();
    await settled();
    queue.addAfter('a', 4_000);
    queue.addRateLimited('a');
    queue.add('c');
    end();
    await running;
    queue.addRateLimited('a');
    expect(timers).toHaveBeenCalledTimes(1);
    expect(queue.length).toBe(0);
  });

  test('a run that is stopped before it begins handles nothing', async () => {
    const { queue, work, stop, run } = setUp();
    stop.abort();
    queue.add('a');
    await run();
    expect(work.started).toEqual([]);
  });

  test('waiting time and work time are measured', async () => {
    const { clock, queue, work, run, waited, worked } = setUp();
    queue.add('a');
    clock.advance(30);
    void run();
    clock.advance(70);
    await work.end('a');
    expect([waited, worked]).toEqual([[30], [70]]);
  });

  test('property: never two workers for a key, never too many at once, and no key is lost', async () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'n/a', 'n/b', 'n/c');
    const step = fc.oneof(
      fc.record({ act: fc.constant('add' as const), key }),
      fc.record({ act: fc.constant('end' as const), key }),
      fc.record({ act: fc.constant('limited' as const), key }),
      fc.record({ act: fc.constant('after' as const), key, ms: fc.nat(50) }),
      fc.record({ act: fc.constant('pass' as const), ms: fc.nat(60) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 50 }),
        fc.integer({ min: 1, max: 3 }),
        fc.infiniteStream(fc.boolean()),
        async (steps, concurrency, urgencies) => {
          const isUrgent = () => urgencies.next().value === true;
          const { clock, queue, work, run, stop } = setUp({ concurrency, isUrgent });
          const running = run();
          /** Index of the last required start of a key: it must be started at or after it. */
          const owed = new Map<string, number>();
          const owe = (to: string) => owed.set(to, work.started.length);
          for (const each of steps) {
            if (each.act === 'add') {
              owe(each.key);
              queue.add(each.key);
            } else if (each.act === 'after') {
              owe(each.key);
              queue.addAfter(each.key, each.ms);
            } else if (each.act === 'limited') {
              owe(each.key);
              queue.addRateLimited(each.key);
            } else if (each.act === 'end') await work.end(each.key);
            else clock.advance(each.ms);
            expect(work.running.size).toBeLessThanOrEqual(2 * concurrency);
          }
          for (let round = 0; round < 20; round++) {
            clock.advance(60_000);
            for (const each of [...work.running.keys()]) await work.end(each);
          }
          for (const [to, from] of owed) expect(work.started.slice(from)).toContain(to);
          expect([work.overlaps, queue.length, work.running.size]).toEqual([0, 0, 0]);
          stop.abort();
          await running;
        },
      ),
      { numRuns: 200 },
    );
  });
});
