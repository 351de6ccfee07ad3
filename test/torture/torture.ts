import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster } from '../cluster/cluster.ts';
import { operatorNamespace } from '../framework/operator.ts';
import { grouped } from '../framework/text-table.ts';
import { Testbed, type TestbedOptions } from './testbed.ts';
import type { History } from './history/history.ts';
import type { FaultName } from './nemesis/fault-names.ts';
import { type RunResult, failuresOf } from './report/run-result.ts';
import { runOnce } from './run.ts';
import { type Target, keepsWrites } from './target/engines.ts';
import { caughtUp, nodesReady } from './target/kubernetes.ts';

export interface TortureOptions extends Omit<TestbedOptions, 'target'> {
  target: Omit<Target, 'hasTls'>;
  faults: readonly FaultName[];
  runs: number;
  seed: number;
  /** Folder for the histories of the runs, for further analysis. */
  histories: string | undefined;
  /** Ends it early, if the wanted result has been found. */
  isEnough: (result: RunResult) => boolean;
  log: (line: string) => void;
}

/**
 * Does run after run on one service, each with numbers of its own; recreates the service if it does not become healthy again.
 *
 * @returns the result of each run, and the error that ended it early, if any.
 */
export async function torture(
  options: TortureOptions,
): Promise<{ results: RunResult[]; error?: Error }> {
  const { faults, runs, seed, histories, log, signal } = options;
  const hasTls = faults.includes('rotate-cert') && keepsWrites(options.target);
  const target: Target = { ...options.target, hasTls };
  const results: RunResult[] = [];
  let testbed: Testbed | undefined;
  if (histories !== undefined) await mkdir(histories, { recursive: true });
  const keepLogs = async (run: number) => {
    if (histories !== undefined) await saveLogs(join(histories, `${run}.log`), options);
  };
  try {
    for (let i = 0; i < runs; i++) {
      signal.throwIfAborted();
      if (testbed === undefined) {
        log(`starting the ${target.engine} service, ${target.consistency}, and its clients`);
        testbed = await Testbed.open({ ...options, target });
      }
      const kubernetes = testbed.kubernetes(log, signal);
      await nodesReady(kubernetes);
      if (results.at(-1)?.faults.includes('api-down') === true) await caughtUp(kubernetes);
      const startedAt = performance.now();
      const { history, ...result } = await runOnce(testbed, seed + i, faults, signal).catch(
        async (error: unknown) => {
          await keepLogs(seed + i);
          throw error;
        },
      );
      if (histories !== undefined) await save(join(histories, `${seed + i}.json`), result, history);
      results.push(result);
      const seconds = (performance.now() - startedAt) / 1_000;
      log(lineOf(result, `${i + 1}/${runs}`, seconds));
      const failures = failuresOf(result, target.consistency === 'Strong');
      if (failures.length > 0) for (const line of describe(result, failures)) log(`  ${line}`);
      if (options.isEnough(result)) break;
      if (result.notConverged !== undefined) {
        await keepLogs(seed + i);
        await testbed.close();
        testbed = undefined;
      }
    }
    return { results };
  } catch (error) {
    return { results, error: error as Error };
  } finally {
    await testbed?.close();
    await heal();
  }
}

async function save(file: string, result: RunResult, history: History): Promise<void> {
  const { clients, final = {}, leaders } = history;
  const texts = Object.entries(final).map(([client, set]) => [client, set.toString()] as const);
  await writeFile(
    file,
    JSON.stringify({ result, leaders, final: Object.fromEntries<string>(texts), clients }),
  );
}

/** Saves the logs of the members and of the operator, before the service is deleted. */
async function saveLogs(file: string, { namespace }: TortureOptions): Promise<void> {
  const cluster = await Cluster.open();
  const selected = (label: string) => ['-l', label, '--all-containers', '--prefix', '--tail=400'];
  const texts = await Promise.all(
    [
      ['-n', namespace, 'get', 'pods', '-o', 'wide'],
      ['-n', namespace, 'get', 'haservices', '-o', 'yaml'],
      ['-n', namespace, 'logs', ...selected('haservice.dev/name')],
      ['-n', operatorNamespace, 'logs', ...selected('app.kubernetes.io/name=haservice-operator')],
    ].map((args) => cluster.runKubectl(args).catch((error: unknown) => String(error))),
  );
  await writeFile(file, texts.join('\n\n'));
}

/** Undoes all faults, in whatever state a run has ended. */
async function heal(): Promise<void> {
  const cluster = await Cluster.open();
  await cluster.healAll();
  await cluster.startComponent('kube-apiserver');
}

function lineOf(result: RunResult, count: string, seconds: number): string {
  const { seed, faults, acknowledged, lost, dualPrimary, unavailableMs, healedMs } = result;
  return [
    `${count} seed ${seed} ${faults.join(' + ')}: ${grouped(acknowledged)} acknowledged`,
    `${lost} lost, ${dualPrimary} dual, ${grouped(unavailableMs)} ms without writes`,
    healedMs === undefined ? 'NOT CONVERGED' : `healthy after ${grouped(healedMs)} ms`,
    `${seconds.toFixed(1)} s`,
  ].join('; ');
}

const describe = ({ notes, examples }: RunResult, failures: string[]): string[] => [
  ...failures,
  ...notes,
  ...examples,
];
