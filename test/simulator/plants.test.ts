import { expect, it } from 'vitest';
import type { Find } from './plant.ts';
import { plants } from './plants.ts';
import { type Broken, runSeeds } from './run-seeds.ts';
import type { Engine } from './setups.ts';

const finds = Object.entries(plants).flatMap(([name, { found }]) =>
  found.map((find): [string, Engine, Find] => [name, find.engine, find]),
);

it.each(finds)(
  'detects the plant %s (%s)',
  (name, engine, { by, faults, from }) => {
    const found: Broken[] = [];
    const onBroken = (one: Broken) => found.push(one);
    const seen = () => found.find(({ violation }) => by.test(violation));
    // Those from before, in the end: a change of the loop moves it.
    const starts = Array.from({ length: 800 }, (_, i) => 1 + ((from - 1 + 5 * i) % 4_000));
    for (const start of starts) {
      if (seen() !== undefined) break;
      const some = { engine, from: start, seeds: 5, seconds: 60 };
      runSeeds({ ...some, mutant: name, faultNames: faults, onBroken });
    }
    console.log(name, engine, seen());
    expect(seen()).toBeDefined();
  },
  300_000,
);
