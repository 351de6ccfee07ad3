import { expect, it } from 'vitest';
import { playSeeds } from './play-seeds.ts';
import { type Broken, describeTotals, replayCommand, runSeeds } from './run-seeds.ts';
import { play } from './scenario.ts';
import { type Engine, engines } from './setups.ts';

/** For each engine. In CI 17,500 in all, which takes some minutes; `npm run simulate` runs more. */
const seeds = (process.env['CI'] === undefined ? 7_000 : 17_500) / engines.length;

it.each(engines)(
  'keeps its promises and converges under all faults (%s)',
  async (engine) => {
    const broken: string[] = [];
    const onBroken = ({ seed, violation }: Broken) =>
      broken.push(`seed ${seed}: ${violation}; ${replayCommand(engine, seed)}`);
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

it.each<[mutant: string, engine: Engine, expected: RegExp, faultNames?: string[]]>([
  ['no-quorum', 'postgres', /lost|lacks it/],
  ['no-quorum', 'redis', /lost|lacks it/],
  ['no-fence', 'postgres', /lost|lacks it/],
  ['no-fence', 'lease', /acknowledges write \d+ in epoch \d+ after/],
  ['fewer-acks', 'postgres', /lost|lacks it/],
  ['fewer-acks', 'redis', /lost|lacks it/],
  ['promotes-early', 'postgres', /before that epoch had landed/],
  ['promotes-early', 'lease', /before that epoch had landed/],
  ['clones-acknowledge', 'postgres', /lost|lacks it/],
  [
    'old-log',
    'redis',
    /lost|lacks it|is not there in the end/,
    ['reboots', 'crashAll', 'crash', 'freeze', 'cutPair', 'scale'],
  ],
  ['forgets-leader-at-0', 'redis', /lost|lacks it/, ['stop']],
  ['forgets-leader-at-0', 'postgres', /lost|lacks it/, ['stop', 'crash', 'cutPair']],
  ['first-set-believed', 'postgres', /acknowledges by .*, and the status has/],
  ['unheard-is-broken', 'postgres', /by an operator that has not heard it yet/],
  ['any-refusal-proves', 'lease', /acknowledges write \d+ in epoch \d+ after/],
  ['any-epoch', 'postgres', /not whole/],
  ['any-revision', 'postgres', /acknowledges by .*, and the status has/, ['scale', 'lateness']],
  [
    'told-terms',
    'redis',
    /lost|lacks it/,
    ['cutFromOperator', 'cutPair', 'crash', 'lateness', 'loss'],
  ],
  ['kills-at-once', 'postgres', /no stored status has named it as Injecting/, ['experiment']],
  ['kills-quorum', 'redis', /kills too many/, ['experiment']],
  ['kills-again', 'postgres', /no stored status has named it as Injecting/, ['experiment']],
  ['forgets-kill', 'postgres', /is Unknown, and every kill was answered/, ['experiment']],
])(
  'detects the mutant %s (%s)',
  // A rare violation is looked for among the faults that can bring it about.
  (mutant, engine, expected, faultNames) => {
    const found: string[] = [];
    const onBroken = ({ violation }: Broken) => found.push(violation);
    const isFound = () => found.some((what) => expected.test(what));
    for (let from = 1; from < 4_000 && !isFound(); from += 100) {
      runSeeds({ engine, from, seeds: 100, seconds: 60, mutant, faultNames, onBroken });
    }
    expect(isFound()).toBe(true);
  },
  300_000,
);

it('plays the same life again from its seed', () => {
  const lives = [1, 2].map(() => play({ engine: 'postgres', seed: 4, traced: true }));
  expect(lives[0]?.trace.length).toBeGreaterThan(20);
  expect(lives[0]).toEqual(lives[1]);
});
