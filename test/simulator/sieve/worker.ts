/** Plays stories in a thread of its own: each message is an order, and the answer what came of it. See play-stories.ts. */
import { parentPort } from 'node:worker_threads';
import { type StoryOptions, sieve } from './play.ts';

export interface SieveOrder {
  options: StoryOptions;
  /** Plays one of so many perturbations. */
  every: number;
}

parentPort?.on('message', ({ options, every }: SieveOrder) => {
  parentPort?.postMessage(sieve(options, every));
});
