import { baselineName } from '../measure/baseline.ts';
import type { Target } from '../measure/faults.ts';
import { observe } from '../measure/observe.ts';
import type { Place } from '../measure/place.ts';
import type { SampleLog } from '../measure/sample-log.ts';
import type { Stage } from '../measure/stage.ts';
import { type Phase, phasesOf } from '../measure/state.ts';
import { grouped } from '../measure/text-table.ts';
import { startClient } from '../measure/traffic.ts';
import type { Window } from '../measure/window.ts';
import type { Plan } from './plan.ts';

/** Results, run by run. */
export interface Runs {
  windows: Window[];
  /** Milliseconds of the operator's phases, from its status. */
  phases: [Phase, number][][];
}

export interface BenchContext {
  place: Place;
  testbed: Stage;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Injects one fault as often as planned, each time when the system is healthy. Adds each run to `seen`. */
export async function runSeries(context: BenchContext, plan: Plan, seen: Runs): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const { place, testbed, log } = context;
  await testbed.allRested();
  const client = await startClient({
    api: place.api,
    live: testbed.live,
    namespace: testbed.namespace,
    name: `client-${plan.name}-${plan.fault.name}`,
    program: place.clientProgram,
    targets: { target: await testbed.url(plan.name) },
    node: place.spared,
    signal,
    onFailure: (error) => stop.abort(error),
  });
  try {
    for (let run = 1; run <= plan.runs; run++) {
      const { window, phases } = await once(context, plan, client.logs.target, signal);
      seen.windows.push(window);
      if (phases.length > 0) seen.phases.push(phases);
      const { failed, lastFailureMs } = window;
      const still = window.isStillFailing ? '> ' : '';
      log(
        `${plan.title}, ${plan.name}, run ${run} of ${plan.runs}: ${failed} failed, the last after ${still}${grouped(lastFailureMs)} ms`,
      );
    }
  } finally {
    await client.stop();
    stop.abort(new Error('the series has ended'));
  }
}

async function once(
  { place, testbed }: BenchContext,
  plan: Plan,
  log: SampleLog,
  signal: AbortSignal,
): Promise<{ window: Window; phases: [Phase, number][] }> {
  await testbed.allRested();
  const before = testbed.service(plan.name)?.status;
  const target = await targetOf(testbed, plan, place.spared);
  const faultAt = Date.now();
  await plan.fault.inject(target);
  let window: Window;
  try {
    window = await observe(log, faultAt, plan.windowMs, signal);
  } finally {
    await plan.fault.undo(target);
  }
  const [last] = testbed.service(plan.name)?.status?.failovers ?? [];
  const isNew = last !== undefined && last.epoch > (before?.epoch ?? 0);
  // The kubelet delays a container that has crashed a few times, longer each time: every run gets a new pod.
  if (plan.fault.name === 'crash') await testbed.replacePod(target);
  return { window, phases: isNew ? phasesOf(last) : [] };
}

async function targetOf(testbed: Stage, plan: Plan, spared: string | undefined): Promise<Target> {
  if (plan.name === baselineName) return testbed.plainTarget({ notOn: spared });
  return plan.fault.name === 'node-lost'
    ? testbed.movePrimaryOff(plan.name, spared)
    : testbed.primary(plan.name);
}
