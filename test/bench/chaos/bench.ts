import { Cluster } from '../../cluster/cluster.ts';
import type { Environment } from '../../framework/environment.ts';
import { Live } from '../../framework/live.ts';
import { freshNamespace, removeNamespace } from '../../framework/objects.ts';
import { Kube } from '../baselines/kube.ts';
import { type Action, type Series, type TargetRole, seriesOf } from './plan.ts';
import { type ChaosRow, chaosRowOf } from './rows.ts';
import { type ChaosRuns, runChaosSeries } from './series.ts';
import { chaosSystemOf } from './systems.ts';
import { eachSystem } from '../each-system.ts';

const removeMs = 180_000;

export interface ChaosOptions {
  environment: Environment;
  namespace: string;
  systems: readonly string[];
  actions: readonly Action[];
  targets: readonly TargetRole[];
  runs: number;
  log: (line: string) => void;
  signal: AbortSignal;
}

type Measured = { title: string; series: Series; seen: ChaosRuns }[];

/** @returns one row per series; if it was ended early, what was measured until then. */
export async function benchChaos(options: ChaosOptions): Promise<{
  rows: ChaosRow[];
  error: Error | undefined;
}> {
  const measured: Measured = [];
  const error = await eachSystem(options, (name) => benchSystem(options, name, measured));
  const rows = measured
    .filter(({ seen }) => seen.each.length > 0)
    .map(({ title, series, seen }) => chaosRowOf(title, series, seen));
  return { rows, error };
}

/** One system at a time: they would slow each other down. */
async function benchSystem(
  { environment, namespace, actions, targets, runs, log, signal: stop }: ChaosOptions,
  name: string,
  measured: Measured,
): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([stop, end.signal]);
  const { api } = environment;
  try {
    await freshNamespace(api.client, namespace, signal);
    const live = await Live.open(api.client, signal);
    const kube = new Kube({ cluster: await Cluster.open(), api, namespace, signal });
    const system = chaosSystemOf(name, kube, live);
    log(`making ${system.title} (${name})`);
    await system.deploy();
    for (const series of seriesOf(actions, targets)) {
      const seen: ChaosRuns = { each: [], refusals: {} };
      measured.push({ title: system.title, series, seen });
      const context = { environment, live, namespace, log, signal };
      await runChaosSeries(context, system, { ...series, runs }, seen);
    }
  } finally {
    await removeNamespace(api.client, namespace, AbortSignal.timeout(removeMs));
    end.abort(new Error('the series have ended'));
  }
}
