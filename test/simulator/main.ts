/** `npm run simulate`: the shipped decisions against a model of the world, for many seeds. See --help. */
import { Command, InvalidArgumentError } from 'commander';
import { play } from './scenario.ts';
import { type Engine, engines } from './setups.ts';

interface Options {
  engine?: Engine;
  seeds: number;
  from: number;
  seconds: number;
  seed?: number;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number');
  return value;
}

function engineOf(text: string): Engine {
  const found = engines.find((engine) => engine === text);
  if (found === undefined) throw new InvalidArgumentError(`write one of ${engines.join(', ')}`);
  return found;
}

const { engine, seeds, from, seconds, seed } = new Command('npm run simulate --')
  .description(
    'Plays lives of a service, each from its seed, with faults of machines and networks. The last line counts what was broken.',
  )
  .option('--engine <name>', `${engines.join(', ')}; without: one after the other`, engineOf)
  .option('--seeds <count>', 'how many lives, for each engine', whole, 10_000)
  .option('--from <seed>', 'the first seed', whole, 1)
  .option('--seconds <count>', 'ends after this time, for each engine; 0: never', whole, 0)
  .option('--seed <seed>', 'plays one life and tells all that happens in it', whole)
  .parse()
  .opts<Options>();

/** Broken ones that are told one by one. */
const mostTold = 10;
let broken = 0;

for (const each of engine === undefined ? engines : [engine]) {
  if (seed !== undefined) {
    const { violation, trace } = play({ engine: each, seed, traced: true });
    console.log(trace.join('\n'));
    console.log(violation ?? 'nothing was broken');
    broken += violation === undefined ? 0 : 1;
  } else {
    broken += run(each);
  }
}
if (broken > 0) process.exitCode = 1;

function run(engine: Engine): number {
  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1_000;
  let played = 0;
  let failed = 0;
  let waiting = 0;
  let decides = 0;
  let acknowledged = 0;
  let epochs = 0;
  while (played < seeds && (seconds === 0 || elapsed() < seconds)) {
    const at = from + played++;
    const outcome = play({ engine, seed: at });
    decides += outcome.decides;
    acknowledged += outcome.acknowledged;
    epochs += outcome.epochs;
    if (outcome.waits) waiting++;
    if (outcome.violation === undefined) continue;
    if (failed++ >= mostTold) continue;
    console.log(`${engine} seed ${at}: ${outcome.violation}`);
    console.log(`  replay: npm run simulate -- --engine ${engine} --seed ${at}`);
  }
  console.log(
    `${engine}: ${played} seeds in ${elapsed().toFixed(1)} s, ${decides} decisions, ${epochs} epochs led, ${acknowledged} writes acknowledged, ${waiting} wait for data that were destroyed, ${failed} broken`,
  );
  return failed;
}
