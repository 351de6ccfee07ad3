/**
 * Mutates every field of an HAService on the local cluster, and checks each time that the cluster is what the resource says:
 *
 *     npm run mutate -- [--fields LIST] [--services LIST] [--seed S] [--most N] [--json FILE]
 */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { localEnvironment } from '../framework/environment.ts';
import { interruptible } from '../framework/interrupt.ts';
import { type Field, chosenFields, specFields } from './generate/fields.ts';
import { mutate } from './mutate.ts';
import { type SubjectName, subjectNames, subjects } from './subjects.ts';

const namespace = 'haservice-mutate';

interface Options {
  fields: Field[];
  services: SubjectName[];
  seed: number;
  most?: number;
  json?: string;
}

function whole(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('give a whole number');
}

function fieldList(text: string): Field[] {
  try {
    return chosenFields(specFields(), text.split(','));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function serviceList(text: string): SubjectName[] {
  const chosen = subjectNames.filter((name) => text.split(',').includes(name));
  if (chosen.length === text.split(',').length) return chosen;
  throw new InvalidArgumentError(`give some of ${subjectNames.join(',')}`);
}

const program = new Command('mutate')
  .description(
    'Writes valid, boundary and invalid values, made from the schema, into each field of a live service under load. Checks that the cluster becomes what the resource says, or that the value is refused or told in a condition, and that all is as before when the value is taken back.',
  )
  .showHelpAfterError()
  .addOption(
    new Option(
      '--fields <list>',
      'fields with all that is in them, such as spec.heartbeat.timeout,spec.ports[].name',
    )
      .argParser(fieldList)
      .default(specFields(), 'all'),
  )
  .option('--services <list>', 'services to mutate', serviceList, [...subjectNames])
  .option('--seed <n>', 'seed of the values that are drawn, and of the choice of --most', whole, 1)
  .option(
    '--most <n>',
    'of each service at most so many values that may apply (default: all)',
    whole,
  )
  .option('--json <file>', 'write the report to a file')
  .addHelpText(
    'after',
    `\nServices:\n${subjectNames.map((name) => `  ${name.padEnd(10)}${subjects[name]().title}`).join('\n')}\n\nAll fields of one service take one to two hours, most of it for rolling updates.`,
  );

const say = (line: string) => console.error(line);
const interrupt = interruptible();

try {
  program.parse();
  const { fields, services, seed, most, json } = program.opts<Options>();
  const { signal } = interrupt;
  const environment = await localEnvironment({ namespace, log: say, signal });
  try {
    const { report, error } = await mutate({
      ...{ environment, namespace, fields, services, seed, most, log: say, signal },
    });
    const text = JSON.stringify(report, undefined, 2);
    console.log(text);
    if (json !== undefined) await writeFile(json, `${text}\n`);
    if (error !== undefined) throw error;
    if (report.problems.length > 0) process.exitCode = 1;
  } finally {
    say('removing what this run has created');
    await environment.remove();
  }
} catch (error) {
  interrupt.report(error);
}
