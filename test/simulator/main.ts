/** `npm run simulate`: the shipped decisions against a model of the world, for many seeds. See --help. */
import { Command, InvalidArgumentError } from 'commander';
import { playSeeds } from './play-seeds.ts';
import { describeTotals, replayCommand } from './run-seeds.ts';
import { play } from './scenario.ts';
import { faultKinds } from './exhaustive-laws.ts';
import { describeFound, search } from './exhaustive-search.ts';
import { plants, plantsOf } from './plants.ts';
import { type Engine, engines } from './setups.ts';

interface Options {
  engine?: Engine;
  seeds: number;
  from: number;
  seconds: number;
  seed?: number;
  plant?: string;
  exhaustive?: number;
  states: number;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number');
  return value;
}

function plantOf(text: string): string {
  if (!Object.hasOwn(plants, text)) {
    throw new InvalidArgumentError(`write one of ${Object.keys(plants).join(', ')}`);
  }
  return text;
}

function engineOf(text: string): Engine {
  const found = engines.find((engine) => engine === text);
  if (found === undefined) throw new InvalidArgumentError(`write one of ${engines.join(', ')}`);
  return found;
}

const { engine, seeds, from, seconds, seed, plant, exhaustive, states } = new Command(
  'npm run simulate --',
)
  .description(
    'Plays lives of a service, each from its seed, with faults of machines and networks. The last line counts what was broken.',
  )
  .option('--engine <name>', `${engines.join(', ')}; without: one after the other`, engineOf)
  .option('--seeds <count>', 'how many lives, for each engine', whole, 10_000)
  .option('--from <seed>', 'the first seed', whole, 1)
  .option('--seconds <count>', 'ends after this time, for each engine; 0: never', whole, 0)
  .option('--seed <seed>', 'plays one life and tells all that happens in it', whole)
  .option(
    '--exhaustive <faults>',
    'instead: every order of events around so many faults (1 or 2), with a write',
    whole,
  )
  .option('--states <count>', 'ends the exhaustive search after so many', whole, 2_000_000)
  .option(
    '--plant <fault>',
    `breaks the operator on purpose, to see that it is found: ${Object.keys(plants).join(', ')}`,
    plantOf,
  )
  .parse()
  .opts<Options>();

const planted = plantsOf(plant);
/** Broken ones that are told one by one. */
const mostTold = 10;
let broken = 0;

if (exhaustive === undefined) await playAll();
else searchAll(exhaustive);
if (broken > 0) process.exitCode = 1;

function searchAll(faults: number): void {
  const kinds = faultKinds;
  const found = search({
    faults,
    kinds,
    writes: 1,
    epochs: 2 + faults,
    late: false,
    states,
    plants: planted,
  });
  console.log(describeFound(found));
  broken += found.violation === undefined ? 0 : 1;
}

async function playAll(): Promise<void> {
  for (const each of engine === undefined ? engines : [engine]) {
    if (seed === undefined) {
      broken += await run(each);
      continue;
    }
    const { violation, trace } = play({ engine: each, seed, traced: true, plants: planted });
    console.log(trace.join('\n'));
    console.log(violation ?? 'nothing was broken');
    broken += violation === undefined ? 0 : 1;
  }
}

async function run(engine: Engine): Promise<number> {
  let told = 0;
  const totals = await playSeeds({
    engine,
    from,
    seeds,
    seconds: seconds === 0 ? Infinity : seconds,
    plant,
    onBroken: ({ seed, violation }) => {
      if (told++ >= mostTold) return;
      console.log(`${engine} seed ${seed}: ${violation}`);
      console.log(`  replay: ${replayCommand(engine, seed)}`);
    },
  });
  console.log(describeTotals(engine, totals));
  return totals.broken;
}
