import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Engine } from '../setups.ts';
import type { SieveOrder } from './worker.ts';
import type { SieveTotals } from './play.ts';
import { storyNames } from './story.ts';

export interface SieveOptions {
  engines: readonly Engine[];
  /** Plays one of so many perturbations. */
  every: number;
  plant?: string | undefined;
}

/** Plays all stories of some engines on all processors. What is found does not depend on how many there are. */
export async function playStories({ engines, every, plant }: SieveOptions): Promise<SieveTotals> {
  const left = engines.flatMap((engine) =>
    storyNames.map((story): SieveOrder => ({ options: { engine, story, plant }, every })),
  );
  const found = new Map<SieveOrder, SieveTotals>();
  const orders = [...left];
  const work = async () => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { execArgv: [] });
    try {
      for (let order = left.shift(); order !== undefined; order = left.shift()) {
        worker.postMessage(order);
        const [totals] = (await once(worker, 'message')) as [SieveTotals];
        found.set(order, totals);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const all = orders.flatMap((order) => found.get(order) ?? []);
  return {
    perturbations: all.reduce((sum, each) => sum + each.perturbations, 0),
    broken: all.flatMap(({ broken }) => broken),
  };
}
