/** Plays seeds in a thread of its own: each message is an order, and the answer what came of it. See play-seeds.ts. */
import { parentPort } from 'node:worker_threads';
import { type Broken, type SeedsOptions, runSeeds } from './run-seeds.ts';

parentPort?.on('message', (options: SeedsOptions) => {
  const broken: Broken[] = [];
  const totals = runSeeds({ ...options, onBroken: (one) => broken.push(one) });
  parentPort?.postMessage({ totals, broken });
});
