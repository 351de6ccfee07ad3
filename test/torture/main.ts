/**
 * Injects faults into a service on the local cluster and checks every write afterwards:
 *
 *     npm run torture -- --engine redis|postgres|http [--consistency Strong|Eventual] [--faults all|machine|ordinary|LIST] [--runs N]
 *         [--seed S] [--json FILE] [--plant no-fence|no-quorum]
 */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { interruptible } from '../framework/interrupt.ts';
import { localEnvironment } from '../framework/environment.ts';
import {
  type FaultName,
  faultNames,
  faultTitles,
  machineFaults,
  ordinaryFaults,
} from './nemesis/fault-names.ts';
import { mutants, withMutant } from './mutant.ts';
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
  plant?: (typeof mutants)[number];
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('give a whole number');
}

function faultList(text: string): FaultName[] {
  const groups: Record<string, FaultName[]> = {
    all: faultNames,
    machine: machineFaults,
    ordinary: ordinaryFaults,
  };
  const group = groups[text];
  if (group !== undefined) return [...group];
  const chosen = faultNames.filter((name) => text.split(',').includes(name));
  if (chosen.length === text.split(',').length) return chosen;
  throw new InvalidArgumentError(`give all, machine, ordinary, or some of ${faultNames.join(',')}`);
}

const titlesOf = (names: readonly FaultName[]) =>
  names.map((name) => `  ${name.padEnd(18)}${faultTitles[name]}`).join('\n');
const program = new Command('torture')
  .description(
    'Injects faults into a service on the local cluster and checks every write afterwards.',
  )
  .showHelpAfterError()
  .addOption(
    new Option('--engine <engine>', 'engine of the service')
      .choices(['redis', 'postgres', 'http'])
      .makeOptionMandatory(),
  )
  .addOption(
    new Option('--consistency <consistency>', 'consistency of the service')
      .choices(['Strong', 'Eventual'])
      .default('Strong'),
  )
  .option(
    '--faults <list>',
    'faults to choose from, singly and in pairs: all, machine, ordinary, or names',
    faultList,
    [...faultNames],
  )
  .option('--runs <n>', 'number of runs', whole, 20)
  .option('--seed <n>', 'seed of the first run; each next run has the next number', whole, 1)
  .option('--json <file>', 'write the report to a file')
  .option('--histories <folder>', 'write the operations of each client to files')
  .addOption(
    new Option(
      '--plant <fault>',
      'turns a safeguard of the operator off: the torture must find a violation, or it fails',
    ).choices(mutants),
  )
  .addHelpText(
    'after',
    `\nFaults of machines (--faults machine):\n${titlesOf(machineFaults)}\n\nFaults of ordinary days (--faults ordinary):\n${titlesOf(ordinaryFaults)}`,
  );

const say = (line: string) => console.error(line);
const interrupt = interruptible();

try {
  program.parse();
  const { engine, consistency, faults, runs, seed, json, histories, plant } =
    program.opts<Options>();
  const { signal } = interrupt;
  const environment = await localEnvironment({ namespace, log: say, signal });
  try {
    const hasViolation = ({ lost, dualPrimary }: { lost: number; dualPrimary: number }) =>
      lost + dualPrimary > 0;
    const { results, error } = await withMutant(plant, () =>
      torture({
        ...{ target: { engine, consistency }, api: environment.api, namespace },
        ...{ faults, runs, seed, histories, log: say, signal },
        isEnough: (result) => plant !== undefined && hasViolation(result),
      }),
    );
    const report = reportOf(results, { engine, consistency, seed });
    const text = JSON.stringify(report, undefined, 2);
    console.log(text);
    if (json !== undefined) await writeFile(json, `${text}\n`);
    if (error !== undefined) throw error;
    if (plant !== undefined && !hasViolation(report)) {
      throw new Error(
        `the operator ran with ${plant}, but no violation was found: increase --runs, or check the torture`,
      );
    }
    if (plant === undefined && report.failing.length > 0) process.exitCode = 1;
  } finally {
    say('removing what this run has created');
    await environment.remove();
  }
} catch (error) {
  interrupt.report(error);
}
