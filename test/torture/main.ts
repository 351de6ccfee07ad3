/**
 * Attacks a service on the local cluster and checks what became of every write:
 *
 *     npm run torture -- --engine redis|postgres|http [--consistency Strong|Eventual] [--faults all|LIST] [--runs N]
 *         [--seed S] [--json FILE] [--plant no-fence|no-quorum]
 */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { interruptible } from '../framework/interrupt.ts';
import { localEnvironment } from '../framework/environment.ts';
import { type FaultName, faultNames, faultTitles } from './nemesis/fault-names.ts';
import { plants, withPlant } from './plant.ts';
import { reportOf } from './report/report.ts';
import { torture } from './torture.ts';
import type { Consistency, EngineName } from './target/engines.ts';

const namespace = 'haservice-torture';

interface Options {
  engine: EngineName;
  consistency: Consistency;
  faults: FaultName[];
  runs: number;
  seed: number;
  json?: string;
  histories?: string;
  plant?: (typeof plants)[number];
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('give a whole number');
}

function faultList(text: string): FaultName[] {
  if (text === 'all') return [...faultNames];
  const chosen = faultNames.filter((name) => text.split(',').includes(name));
  if (chosen.length === text.split(',').length) return chosen;
  throw new InvalidArgumentError(`give all, or some of ${faultNames.join(',')}`);
}

const titles = Object.entries(faultTitles).map(([name, title]) => `  ${name.padEnd(18)}${title}`);
const program = new Command('torture')
  .description('Attacks a service on the local cluster and checks what became of every write.')
  .showHelpAfterError()
  .addOption(
    new Option('--engine <engine>', 'what is attacked')
      .choices(['redis', 'postgres', 'http'])
      .makeOptionMandatory(),
  )
  .addOption(
    new Option('--consistency <consistency>', 'what it promises')
      .choices(['Strong', 'Eventual'])
      .default('Strong'),
  )
  .option('--faults <list>', 'what may happen, singly and in pairs', faultList, [...faultNames])
  .option('--runs <n>', 'how often', whole, 20)
  .option('--seed <n>', 'of the first run; each next one has the next number', whole, 1)
  .option('--json <file>', 'write the report to a file')
  .option('--histories <folder>', 'write what each client did to files')
  .addOption(
    new Option(
      '--plant <fault>',
      'switches a safeguard of the operator off: the torture must find out, or it fails',
    ).choices(plants),
  )
  .addHelpText('after', `\nFaults:\n${titles.join('\n')}`);

const say = (line: string) => console.error(line);
const interrupt = interruptible();

try {
  program.parse();
  const { engine, consistency, faults, runs, seed, json, histories, plant } =
    program.opts<Options>();
  const { signal } = interrupt;
  const environment = await localEnvironment({ namespace, log: say, signal });
  try {
    const isGuilty = ({ lost, dualPrimary }: { lost: number; dualPrimary: number }) =>
      lost + dualPrimary > 0;
    const { results, error } = await withPlant(plant, () =>
      torture({
        ...{ target: { engine, consistency }, api: environment.api, namespace },
        ...{ faults, runs, seed, histories, log: say, signal },
        isEnough: (result) => plant !== undefined && isGuilty(result),
      }),
    );
    const report = reportOf(results, { engine, consistency, seed });
    const text = JSON.stringify(report, undefined, 2);
    console.log(text);
    if (json !== undefined) await writeFile(json, `${text}\n`);
    if (error !== undefined) throw error;
    if (plant !== undefined && !isGuilty(report)) {
      throw new Error(`${plant} was planted and nothing was found: the torture is too mild`);
    }
    if (plant === undefined && report.failing.length > 0) process.exitCode = 1;
  } finally {
    say('taking down what was made here');
    await environment.remove();
  }
} catch (error) {
  interrupt.report(error);
}
