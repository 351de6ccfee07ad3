import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Broken, type SeedsOptions, type Totals, noTotals, sumOf } from './run-seeds.ts';

/** How many lives a thread is given at a time: less than a second of work. */
const portion = 200;

/** Plays one life after the other on all processors. What is told does not depend on how many there are. */
export async function playSeeds(
  options: SeedsOptions & { onBroken: (broken: Broken) => void },
): Promise<Totals> {
  const { from, seeds, seconds, onBroken, ...rest } = options;
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1_000;
  let next = from;
  let totals = noTotals;
  const play = async () => {
    const worker = new Worker(new URL('seed-worker.ts', import.meta.url), { execArgv: [] });
    try {
      while (next < from + seeds && elapsed() < seconds) {
        const count = Math.min(portion, from + seeds - next);
        const order: SeedsOptions = { ...rest, from: next, seeds: count, seconds: Infinity };
        next += count;
        worker.postMessage(order);
        const [{ totals: some, broken }] = (await once(worker, 'message')) as [
          { totals: Totals; broken: Broken[] },
        ];
        totals = sumOf(totals, some);
        broken.forEach(onBroken);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, play));
  return { ...totals, seconds: elapsed() };
}
