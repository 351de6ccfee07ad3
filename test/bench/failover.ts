import { baselineName } from '../measure/baseline.ts';
import type { Fault, FaultName } from '../measure/faults.ts';
import { readObject } from '../measure/objects.ts';
import type { Place } from '../measure/place.ts';
import { Stage } from '../measure/stage.ts';
import type { Plan } from './plan.ts';
import { type Row, rowOf } from './rows.ts';
import { type Runs, runSeries } from './series.ts';

const quickstart = new URL('../../examples/quickstart.yaml', import.meta.url);

/** Kubernetes takes about a minute to give up a node: this is seen often enough in so many runs. */
const plainNodeRuns = 3;

export interface FailoverOptions {
  place: Place;
  namespace: string;
  runs: number;
  only: readonly FaultName[];
  log: (line: string) => void;
  signal: AbortSignal;
}

/** All series of the failover benchmark, in the order of its table. */
function plans({ place, runs, only }: FailoverOptions): Plan[] {
  const fault = (name: FaultName): Fault => {
    const found = place.faults.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the fault ${name} cannot be done here`);
    return found;
  };
  const ha = { system: 'haservice', name: 'web', runs } as const;
  const plain = { system: 'kubernetes', name: baselineName, runs, aim: '' } as const;
  const crash = { title: 'SIGKILL', fault: fault('crash'), windowMs: 3_000 };
  const hang = { title: 'SIGSTOP, default', fault: fault('hang'), windowMs: 6_000 };
  const cut = { title: 'node cut off', fault: fault('node-lost') };
  return [
    { ...crash, ...ha, aim: 'median 50, p99 150' },
    { ...crash, ...plain },
    { ...hang, ...ha, title: 'SIGSTOP, fast', name: 'web-fast', aim: 'under 1,000' },
    { ...hang, ...ha, aim: 'under 2,500' },
    { ...hang, ...plain },
    { ...cut, ...ha, windowMs: 8_000, aim: 'under 3,000' },
    { ...cut, ...plain, windowMs: cut.fault.windowMs, runs: Math.min(runs, plainNodeRuns) },
  ].filter((plan) => only.includes(plan.fault.name));
}

/** @returns one row a series; where it was ended early, what was measured until then. */
export async function benchFailover(options: FailoverOptions): Promise<{
  rows: Row[];
  error: Error | undefined;
}> {
  const { place, namespace, log } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([options.signal, end.signal]);
  const web = await readObject(quickstart, namespace);
  const fast = {
    ...web,
    metadata: { name: 'web-fast', namespace },
    spec: {
      ...(web as { spec: object }).spec,
      heartbeat: { interval: '100ms', timeout: '500ms' },
    },
  };
  const measured: { plan: Plan; seen: Runs }[] = [];
  let error: Error | undefined;
  try {
    log('applying the quickstart, the same with the fast heartbeat, and a plain Deployment');
    const stage = await Stage.open({ api: place.api, namespace, objects: [web, fast], signal });
    for (const plan of plans(options)) {
      const seen: Runs = { windows: [], phases: [] };
      measured.push({ plan, seen });
      await runSeries({ place, stage, log, signal }, plan, seen);
    }
  } catch (caught) {
    error = caught as Error;
  } finally {
    end.abort(new Error('the benchmark has ended'));
  }
  return { rows: measured.map(({ plan, seen }) => rowOf({ ...plan, ...seen })), error };
}
