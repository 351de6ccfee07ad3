import { Cluster } from '../../cluster/cluster.ts';
import type { FaultName } from '../../framework/faults.ts';
import { Live } from '../../framework/live.ts';
import { freshNamespace, removeNamespace } from '../../framework/objects.ts';
import type { Environment } from '../../framework/environment.ts';
import { Kube } from './kube.ts';
import type { BenchSystem } from './bench-system.ts';
import { type SystemRow, systemRowOf } from './rows.ts';
import { type SystemRun, runSystemSeries } from './series.ts';
import { systemOf } from './systems.ts';
import { eachSystem } from '../each-system.ts';

const removeMs = 180_000;

export interface DatabaseOptions {
  environment: Environment;
  namespace: string;
  /** Names of systems. */
  systems: readonly string[];
  runs: number;
  only: readonly FaultName[];
  log: (line: string) => void;
  signal: AbortSignal;
}

/** @returns one row per series; if it was ended early, what was measured until then. */
export async function benchDatabases(options: DatabaseOptions): Promise<{
  rows: SystemRow[];
  error: Error | undefined;
}> {
  const measured: { system: BenchSystem; fault: FaultName; seen: SystemRun[] }[] = [];
  const error = await eachSystem(options, (name) => benchSystem(options, name, measured));
  const rows = measured.flatMap(({ system, fault, seen }) =>
    seen.length === 0 ? [] : [systemRowOf(system, fault, seen)],
  );
  return { rows, error };
}

/** One system at a time: they would slow each other down. */
async function benchSystem(
  { environment, namespace, runs, only, log, signal: stop }: DatabaseOptions,
  name: string,
  measured: { system: BenchSystem; fault: FaultName; seen: SystemRun[] }[],
): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([stop, end.signal]);
  const { client } = environment.api;
  try {
    await freshNamespace(client, namespace, signal);
    const live = await Live.open(client, signal);
    const kube = new Kube({
      cluster: await Cluster.open(),
      api: environment.api,
      namespace,
      signal,
    });
    const system = systemOf(name, kube, live);
    log(`making ${system.title} (${name})`);
    await system.deploy();
    // A single pod on a node that is cut off is replaced only after five minutes.
    const faults = environment.faults.filter(
      (fault) =>
        only.includes(fault.name) && !(name === 'redis-plain' && fault.name === 'node-lost'),
    );
    for (const fault of faults) {
      const seen: SystemRun[] = [];
      measured.push({ system, fault: fault.name, seen });
      await runSystemSeries({ environment, kube, live, log }, system, { fault, runs }, seen);
    }
  } finally {
    await removeNamespace(client, namespace, AbortSignal.timeout(removeMs));
    end.abort(new Error('the series have ended'));
  }
}
