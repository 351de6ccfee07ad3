/**
 * Benchmarks on the local cluster:
 *
 *     npm run bench -- failover [--runs N] [--systems http,redis,...] [--only crash,hang,node-lost] [--json FILE]
 *     npm run bench -- chaos [--runs N] [--systems http,redis-strong,...] [--actions PodKill,...] [--targets Primary,Standby]
 *         [--json FILE]
 *     npm run bench -- operator [--runs N] [--services N] [--json FILE]
 */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { Cluster } from '../cluster/cluster.ts';
import type { FaultName } from '../framework/faults.ts';
import { usualImages } from '../images/images.ts';
import type { ImageName } from '../images/recipe.ts';
import { interruptible } from '../framework/interrupt.ts';
import { type Environment, localEnvironment } from '../framework/environment.ts';
import { benchFailover } from './failover.ts';
import { benchOperator, renderOperator } from './operator-bench.ts';
import { benchDatabases } from './baselines/bench.ts';
import { renderSystemPhases, renderSystemRows } from './baselines/rows.ts';
import { databaseSystems } from './baselines/systems.ts';
import { benchChaos } from './chaos/bench.ts';
import { type Action, type TargetRole, actions, targetRoles } from './chaos/plan.ts';
import { chaosLegend, renderChaosRows } from './chaos/rows.ts';
import { chaosSystems } from './chaos/systems.ts';
import { type Row, renderPhases, renderRows } from './rows.ts';

const namespace = 'haservice-bench';
const faults: readonly FaultName[] = ['crash', 'hang', 'node-lost'];

/** Websites behind an HAService and behind a Deployment, and databases. */
const http = 'http';
const systems: readonly string[] = [http, ...databaseSystems];

const say = (line: string) => console.error(line);
const interrupt = interruptible();

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError('give a whole number of at least 1');
}

/** Parses a comma-separated list of names. */
const oneOrMoreOf =
  <Name extends string>(names: readonly Name[]) =>
  (text: string): Name[] => {
    const chosen = names.filter((name) => text.split(',').includes(name));
    if (chosen.length === text.split(',').length) return chosen;
    throw new InvalidArgumentError(`give one or more of ${names.join(',')}`);
  };

/** Starts the cluster, runs `work`, and removes what this run has created. */
async function inCluster(
  work: (environment: Environment) => Promise<void>,
  images: readonly ImageName[] = usualImages,
): Promise<void> {
  const environment = await localEnvironment({
    namespace,
    images,
    log: say,
    signal: interrupt.signal,
  });
  try {
    await work(environment);
  } finally {
    say('removing what this run has created');
    await environment.remove();
  }
}

async function save(file: string | undefined, figures: unknown): Promise<void> {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}

const program = new Command('bench')
  .description(
    'Measures failovers, experiments, and the resources that the operator uses, on the local cluster.',
  )
  .showHelpAfterError();

program
  .command('failover')
  .description('milliseconds from a fault to the last failed request, compared with other systems')
  .option('--runs <n>', 'how often each fault is done', count, 20)
  .option('--systems <names>', `which of ${systems.join(',')}`, oneOrMoreOf(systems), [...systems])
  .option('--only <faults>', `which of ${faults.join(',')}`, oneOrMoreOf(faults), [...faults])
  .option('--json <file>', 'write the figures to a file')
  .action(
    ({ systems: chosen, json, ...rest }: FailoverFlags & { systems: string[]; json?: string }) => {
      const needsPatroni = chosen.some((name) => name.startsWith('patroni'));
      return inCluster(
        async (environment) => {
          const options = { ...rest, environment, namespace, log: say, signal: interrupt.signal };
          const rows = chosen.includes(http) ? await websites(options, json) : [];
          const names = chosen.filter((name) => name !== http);
          if (names.length === 0) return;
          const databases = await benchDatabases({ ...options, systems: names });
          console.log(`\nMilliseconds from the fault to the last failed write:\n`);
          console.log(renderSystemRows(databases.rows));
          console.log(`\nMedians of the operator's phases, in milliseconds:\n`);
          console.log(renderSystemPhases(databases.rows));
          await save(json, { rows, databases: databases.rows });
          if (databases.error !== undefined) throw databases.error;
        },
        needsPatroni ? [...usualImages, 'patroni'] : usualImages,
      );
    },
  );

interface FailoverFlags {
  runs: number;
  only: FaultName[];
}

async function websites(
  options: Parameters<typeof benchFailover>[0],
  json: string | undefined,
): Promise<Row[]> {
  const { rows, error } = await benchFailover(options);
  console.log(`Milliseconds from the fault to the end of the last failed request:\n`);
  console.log(renderRows(rows));
  console.log(`\nMedians of the operator's phases, in milliseconds:\n`);
  console.log(renderPhases(rows));
  await save(json, { rows });
  if (error !== undefined) throw error;
  return rows;
}

interface ChaosFlags {
  runs: number;
  systems: string[];
  actions: Action[];
  targets: TargetRole[];
  json?: string;
}

program
  .command('chaos')
  .description('milliseconds until a service has recovered from an experiment')
  .option('--runs <n>', 'how often each experiment is done', count, 20)
  .option('--systems <names>', `which of ${chaosSystems.join(',')}`, oneOrMoreOf(chaosSystems), [
    ...chaosSystems,
  ])
  .option('--actions <names>', `which of ${actions.join(',')}`, oneOrMoreOf(actions), [...actions])
  .option('--targets <roles>', `which of ${targetRoles.join(',')}`, oneOrMoreOf(targetRoles), [
    ...targetRoles,
  ])
  .option('--json <file>', 'write the figures to a file')
  .action(({ json, ...flags }: ChaosFlags) =>
    inCluster(async (environment) => {
      const signal = interrupt.signal;
      const { rows, error } = await benchChaos({
        ...flags,
        ...{ environment, namespace, log: say, signal },
      });
      console.log(`Milliseconds, medians and 99th percentiles:\n`);
      console.log(`${renderChaosRows(rows)}\n\n${chaosLegend}`);
      await save(json, { rows });
      if (error !== undefined) throw error;
    }),
  );

program
  .command('operator')
  .description('start, memory, and API writes while nothing changes')
  .option('--runs <n>', 'how often it is started', count, 5)
  .option('--services <n>', 'number of HAServices in the second part', count, 200)
  .option('--json <file>', 'write the figures to a file')
  .action(({ runs, services, json }: { runs: number; services: number; json?: string }) =>
    inCluster(async ({ api }) => {
      const cluster = await Cluster.open();
      const figures = await benchOperator({
        cluster,
        api,
        namespace,
        runs,
        services,
        log: say,
        signal: interrupt.signal,
      });
      console.log(renderOperator(figures));
      await save(json, figures);
    }),
  );

try {
  await program.parseAsync();
} catch (error) {
  interrupt.report(error);
}
