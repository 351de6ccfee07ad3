import type { Engine } from './setups.ts';

interface Options {
  seed?: number;
  from?: number;
  faults?: readonly string[] | undefined;
  plant?: string | undefined;
}

/** What a person types to play lives: one seed, or all from one on. */
export const replayCommand = (engine: Engine, { seed, from, faults, plant }: Options): string =>
  [
    `npm run simulate -- --engine ${engine}`,
    ...(seed === undefined ? [] : [`--seed ${seed}`]),
    ...(from === undefined ? [] : [`--from ${from}`]),
    ...(faults === undefined ? [] : [`--faults ${faults.join()}`]),
    ...(plant === undefined ? [] : [`--plant ${plant}`]),
  ].join(' ');
