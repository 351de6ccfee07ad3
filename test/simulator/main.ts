/** `npm run simulate`: the shipped control loop against a model of everything else, for many seeds. See --help. */
import { Command, InvalidArgumentError } from 'commander';
import { playSeeds } from './play-seeds.ts';
import { replayCommand } from './commands.ts';
import { describeTotals } from './run-seeds.ts';
import { allFaultNames, play } from './scenario.ts';
import { faultKinds } from './exhaustive-laws.ts';
import { describeFound, search } from './exhaustive-search.ts';
import { describePlants } from './describe-plants.ts';
import { mutantOf, plants } from './plants.ts';
import { type Engine, engines } from './setups.ts';
import { type Perturbed, describeSieve, perturbedNamed } from './sieve/describe.ts';
import { playStories } from './sieve/play-stories.ts';
import { judge, playOnce } from './sieve/play.ts';

interface Options {
  engine?: Engine;
  seeds: number;
  from: number;
  seconds: number;
  seed?: number;
  faults?: string[];
  plant?: string;
  exhaustive?: number;
  edits: number;
  states: number;
  sieve?: true;
  every: number;
  perturb?: Perturbed;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number');
  return value;
}

function plantNamed(text: string): string {
  if (text !== 'list' && !Object.hasOwn(plants, text)) {
    throw new InvalidArgumentError(`write list, or one of ${Object.keys(plants).join(', ')}`);
  }
  return text;
}

function faultsOf(text: string): string[] {
  const names = text.split(',');
  const wrong = names.find((name) => !allFaultNames.includes(name));
  if (wrong === undefined) return names;
  throw new InvalidArgumentError(`${wrong} is none of ${allFaultNames.join(', ')}`);
}

function engineOf(text: string): Engine {
  const found = engines.find((engine) => engine === text);
  if (found === undefined) throw new InvalidArgumentError(`write one of ${engines.join(', ')}`);
  return found;
}

function perturbedOf(text: string): Perturbed {
  const found = perturbedNamed(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError('write it as --sieve prints it: crash/dies-after:3');
}

const options = new Command('npm run simulate --')
  .description(
    'Simulates services, each from its own seed, with faults of machines and networks. The last line counts the seeds that broke a promise.',
  )
  .option('--engine <name>', `${engines.join(', ')}; default: one after the other`, engineOf)
  .option('--seeds <count>', 'number of seeds for each engine', whole, 10_000)
  .option('--from <seed>', 'the first seed', whole, 1)
  .option('--seconds <count>', 'time limit for each engine; 0: none', whole, 0)
  .option('--seed <seed>', 'simulates one seed and prints each of its events', whole)
  .option('--faults <names>', `chooses from these faults: ${allFaultNames.join(',')}`, faultsOf)
  .option(
    '--exhaustive <faults>',
    'instead, searches all orders of events with so many faults (0, 1 or 2) and a write',
    whole,
  )
  .option(
    '--edits <count>',
    '--exhaustive edits the spec so often, from Strong to Eventual or back',
    whole,
    0,
  )
  .option(
    '--sieve',
    'instead, plays fixed stories, each once for each single perturbation: the operator dies before or after an act, begins with an old cache, sees a change late or never',
  )
  .option('--every <n>', 'plays only one of so many perturbations; best an odd number', whole, 1)
  .option(
    '--perturb <story/kind:number>',
    'plays one story of --sieve with one perturbation, and prints each of its events',
    perturbedOf,
  )
  .option('--states <count>', 'ends the exhaustive search after so many states', whole, 2_000_000)
  .option(
    '--plant <name>',
    'breaks the operator or its members on purpose: the run must find a violation; list: prints all, and what finds each',
    plantNamed,
  )
  .parse()
  .opts<Options>();
const { engine, seeds, from, seconds, seed, faults, plant, exhaustive, states } = options;
const { sieve, every, perturb, edits } = options;
const chosenEngines = engine === undefined ? engines : [engine];

const mutant = mutantOf(plant);
/** How many broken seeds are printed one by one. */
const mostTold = 10;
let broken = 0;

if (plant === 'list') console.log(describePlants());
else if (perturb !== undefined) perturbOne(perturb);
else if (sieve === true) await sieveAll();
else if (exhaustive === undefined) await playAll();
else searchAll(exhaustive);
if (broken > 0) process.exitCode = 1;

function searchAll(faults: number): void {
  const kinds = faultKinds;
  const found = search({
    faults,
    kinds,
    edits,
    writes: 1,
    epochs: 2 + faults,
    late: false,
    states,
    mutant,
  });
  console.log(describeFound(found));
  broken += found.violation === undefined ? 0 : 1;
}

async function sieveAll(): Promise<void> {
  for (const each of chosenEngines) {
    const totals = await playStories({ engines: [each], every: Math.max(1, every), plant });
    console.log(describeSieve(each, totals, plant));
    broken += totals.broken.length;
  }
}

function perturbOne({ story, perturbation }: Perturbed): void {
  for (const each of chosenEngines) {
    const stories = { engine: each, story, plant };
    const { violation, trace } = judge(
      { ...stories, traced: true },
      perturbation,
      playOnce(stories),
    );
    console.log(trace.join('\n'));
    console.log(violation ?? 'nothing was broken');
    broken += violation === undefined ? 0 : 1;
  }
}

async function playAll(): Promise<void> {
  for (const each of chosenEngines) {
    if (seed === undefined) {
      broken += await run(each);
      continue;
    }
    const { violation, trace } = play({
      engine: each,
      seed,
      traced: true,
      mutant,
      faultNames: faults,
    });
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
    mutant: plant,
    faultNames: faults,
    onBroken: ({ seed, violation }) => {
      if (told++ >= mostTold) return;
      console.log(`${engine} seed ${seed}: ${violation}`);
      console.log(`  replay: ${replayCommand(engine, { seed, faults, plant })}`);
    },
  });
  console.log(describeTotals(engine, totals));
  return totals.broken;
}
