import type { FaultName } from '../framework/faults.ts';
import { readObject } from '../framework/objects.ts';
import type { Environment } from '../framework/environment.ts';
import { ComparisonTestbed } from '../framework/comparison-testbed.ts';
import { type Plan, type ServiceName, heartbeats, plans, unhurried } from './plan.ts';
import { type Row, rowOf } from './rows.ts';
import { type Runs, runSeries } from './series.ts';

const quickstart = new URL('../../examples/quickstart.yaml', import.meta.url);

export interface FailoverOptions {
  environment: Environment;
  namespace: string;
  runs: number;
  only: readonly FaultName[];
  log: (line: string) => void;
  signal: AbortSignal;
}

/** @returns one row per series; if it was ended early, what was measured until then. */
export async function benchFailover(options: FailoverOptions): Promise<{
  rows: Row[];
  error: Error | undefined;
}> {
  const measured: { plan: Plan; seen: Runs }[] = [];
  const all = plans(options.environment.faults, options.runs).filter(({ fault }) =>
    options.only.includes(fault.name),
  );
  let error: Error | undefined;
  try {
    for (const name of Object.keys(heartbeats) as ServiceName[]) {
      const chosen = all.filter(({ service }) => service === name);
      if (chosen.length > 0) await runOnTestbed(options, name, chosen, measured);
    }
  } catch (caught) {
    error = caught as Error;
  }
  return { rows: measured.map(({ plan, seen }) => rowOf({ ...plan, ...seen })), error };
}

/**
 * Runs series with one HAService at a time: if two lose a member, the changes of one wait for those of the other at kube-proxy,
 * which waits a second in between by default (minSyncPeriod).
 */
async function runOnTestbed(
  { environment, namespace, log, signal: stop }: FailoverOptions,
  name: ServiceName,
  chosen: Plan[],
  measured: { plan: Plan; seen: Runs }[],
): Promise<void> {
  const end = new AbortController();
  const signal = AbortSignal.any([stop, end.signal]);
  try {
    log(`applying the quickstart as ${name}, and a Deployment without an operator`);
    const web = await readObject(quickstart, namespace);
    const spec = {
      ...(web as { spec: object }).spec,
      ...heartbeats[name],
      failover: unhurried,
    };
    const object = { ...web, metadata: { name, namespace }, spec };
    const testbed = await ComparisonTestbed.open({
      api: environment.api,
      namespace,
      objects: [object],
      signal,
    });
    for (const plan of chosen) {
      const seen: Runs = { windows: [], phases: [] };
      measured.push({ plan, seen });
      await runSeries({ environment, testbed, log, signal }, plan, seen);
    }
  } finally {
    end.abort(new Error('the series have ended'));
  }
}
