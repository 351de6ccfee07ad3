import { expect, it } from 'vitest';
import { playSeeds } from './play-seeds.ts';
import { replayCommand } from './commands.ts';
import { type Broken, describeTotals } from './run-seeds.ts';
import { play } from './scenario.ts';
import { engines } from './setups.ts';

/** For each engine. In CI 6,000 in all, which takes some minutes; `npm run simulate` runs more. */
const seeds = (process.env['CI'] === undefined ? 3_000 : 6_000) / engines.length;

it.each(engines)(
  'keeps its promises and converges under all faults (%s)',
  async (engine) => {
    const broken: string[] = [];
    const onBroken = ({ seed, violation }: Broken) =>
      broken.push(`seed ${seed}: ${violation}; ${replayCommand(engine, { seed })}`);
    const totals = await playSeeds({ engine, from: 1, seeds, seconds: Infinity, onBroken });
    console.log(describeTotals(engine, totals));
    expect(broken).toEqual([]);
    // The seeds must have had failovers and writes.
    expect(totals.epochs).toBeGreaterThan(totals.played);
    expect(totals.acknowledged).toBeGreaterThan(totals.played);
    // And experiments that passed, and operators that ended at each step of one.
    const { experiments } = totals;
    expect(experiments['Passed']).toBeGreaterThan(totals.played / 10);
    for (const step of ['Announced', 'Injecting', 'Killed', 'Recovering']) {
      expect(experiments[`died: ${step}`], step).toBeGreaterThan(0);
    }
  },
  // A slow, busy machine needs this long.
  900_000,
);

it('plays the same life again from its seed', () => {
  const lives = [1, 2].map(() => play({ engine: 'postgres', seed: 4, traced: true }));
  expect(lives[0]?.trace.length).toBeGreaterThan(20);
  expect(lives[0]).toEqual(lives[1]);
});
