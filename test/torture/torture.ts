import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Cluster } from '../cluster/cluster.ts';
import { operatorNamespace } from '../framework/operator.ts';
import { grouped } from '../framework/text-table.ts';
import { Arena, type ArenaOptions } from './arena.ts';
import type { History } from './history/history.ts';
import type { FaultName } from './nemesis/fault-names.ts';
import { type RunResult, failuresOf } from './report/run-result.ts';
import { runOnce } from './run.ts';

export interface TortureOptions extends ArenaOptions {
  faults: readonly FaultName[];
  runs: number;
  seed: number;
  /** Folder for the histories of the runs, for a person who wants to know more. */
  histories: string | undefined;
  /** Ends it early: what is looked for has been found. */
  isEnough: (result: RunResult) => boolean;
  log: (line: string) => void;
}

/**
 * Run after run on one service, each with numbers of its own; on a new service where one has not come back to life.
 *
 * @returns what each run has shown; where it was ended early, by what.
 */
export async function torture(
  options: TortureOptions,
): Promise<{ results: RunResult[]; error?: Error }> {
  const { faults, runs, seed, target, histories, log, signal } = options;
  const results: RunResult[] = [];
  let arena: Arena | undefined;
  if (histories !== undefined) await mkdir(histories, { recursive: true });
  const keepLogs = async (run: number) => {
    if (histories !== undefined) await saveLogs(join(histories, `${run}.log`), options);
  };
  try {
    for (let i = 0; i < runs; i++) {
      signal.throwIfAborted();
      if (arena === undefined) {
        log(`starting the ${target.engine} service, ${target.consistency}, and its clients`);
        arena = await Arena.open(options);
      }
      const startedAt = performance.now();
      const { history, ...result } = await runOnce(arena, seed + i, faults, signal).catch(
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
        arena.close();
        arena = undefined;
      }
    }
    return { results };
  } catch (error) {
    return { results, error: error as Error };
  } finally {
    arena?.close();
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

/** What the members and the operator have said, before the service is thrown away. */
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

/** Whatever state a run was ended in. */
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
    healedMs === undefined ? 'NOT CONVERGED' : `well after ${grouped(healedMs)} ms`,
    `${seconds.toFixed(1)} s`,
  ].join('; ');
}

const describe = ({ notes, examples }: RunResult, failures: string[]): string[] => [
  ...failures,
  ...notes,
  ...examples,
];
