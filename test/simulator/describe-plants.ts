import { replayCommand } from './commands.ts';
import { plants } from './plants.ts';

/** Each plant, what it breaks, and how it is found. */
export const describePlants = (): string =>
  Object.entries(plants)
    .flatMap(([name, { breaks, found, inStories = [], inSearch }]) => [
      `${name}: ${breaks}`,
      ...found.map(
        ({ engine, faults, from }) => `  ${replayCommand(engine, { from, faults, plant: name })}`,
      ),
      ...inStories.map(({ engine }) => `  ${replayCommand(engine, { plant: name })} --sieve`),
      ...(inSearch === undefined
        ? []
        : [`  npm run simulate -- --exhaustive 0 --edits ${inSearch.edits} --plant ${name}`]),
    ])
    .join('\n');
