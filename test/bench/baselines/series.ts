import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../../src/kube/api-types.ts';
import type { Fault } from '../../framework/faults.ts';
import type { Live } from '../../framework/live.ts';
import type { Environment } from '../../framework/environment.ts';
import type { Sample } from '../../framework/sample.ts';
import { grouped } from '../../framework/text-table.ts';
import { type RunningClient, startClient } from '../../framework/traffic.ts';
import type { Phase } from '../../framework/state.ts';
import type { Window } from '../../framework/window.ts';
import { type CutOff, cutOffOf, nodeOf, samplesOnNode } from './cut-off.ts';
import type { Kube } from './kube.ts';
import { type Failure, type Outage, observeOutage } from './outage.ts';
import type { BenchSystem } from './bench-system.ts';

/** By default kube-proxy waits a second between two changes: none must be pending. And the databases are new. */
const restMs = 4_000;

/** How long writes must be acknowledged again, on every connection, until a failover counts as over. Milliseconds. */
const calmMs = 4_000;

/** Longer than the failover of any system: Patroni's default lease is 30 s, plus one interval of its loop. */
const mostMs = 75_000;

/**
 * Milliseconds. A write to PostgreSQL costs a flush to disk on two members, and a new connection costs a process and a deliberately
 * slow hash: with a higher rate a small machine would measure the queue for its processors.
 */
export const paces = {
  redis: { everyMs: 10, timeoutMs: 250 },
  postgres: { everyMs: 50, timeoutMs: 1_000 },
};
/** For the client beside a cut-off primary: each write that waits for a copy occupies a process of PostgreSQL. */
const besideEveryMs = 100;

export interface SystemRun {
  window: Window;
  failures: readonly Failure[];
  phases: [Phase, number][];
  cutOff?: CutOff;
}

export interface SeriesContext {
  environment: Environment;
  kube: Kube;
  live: Live;
  log: (line: string) => void;
}

/** Injects one fault into one system repeatedly, each time when it is healthy. Adds each run to `seen`. */
export async function runSystemSeries(
  context: SeriesContext,
  system: BenchSystem,
  { fault, runs }: { fault: Fault; runs: number },
  seen: SystemRun[],
): Promise<void> {
  const { kube, log } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([kube.signal, stop.signal]);
  await system.untilHealthy();
  const client = await start(context, system, `client-${fault.name}`, {
    url: await system.clientUrl(),
    node: context.environment.spared,
    signal,
    onFailure: (error) => stop.abort(error),
  });
  try {
    for (let run = 1; run <= runs; run++) {
      const result = await once(context, system, fault, client, signal);
      seen.push(result);
      const { window, failures, phases, cutOff } = result;
      const still = window.isStillFailing ? '> ' : '';
      const late =
        cutOff === undefined ? '' : `, ${cutOff.acknowledged} acknowledged by the old primary`;
      log(
        `${system.title}, ${fault.name}, run ${run} of ${runs}: last failure after ${still}${grouped(window.lastFailureMs)} ms${late}`,
      );
      log(
        `  ${[...failures.map(failureText), ...phases.map(([name, ms]) => `${name} ${grouped(ms)}`)].join(', ')}`,
      );
    }
  } finally {
    await client.stop();
    stop.abort(new Error('the series has ended'));
  }
}

interface StartOptions {
  url: string;
  node: string | undefined;
  everyMs?: number;
  signal: AbortSignal;
  onFailure: (error: Error) => void;
}

function start(
  { environment, kube, live }: SeriesContext,
  system: BenchSystem,
  name: string,
  options: StartOptions,
) {
  const { url, ...rest } = options;
  return startClient({
    api: environment.api,
    live,
    namespace: kube.namespace,
    name,
    program: environment.clientProgram,
    does: 'db',
    targets: { target: url },
    ...paces[system.engine],
    ...rest,
  });
}

async function once(
  context: SeriesContext,
  system: BenchSystem,
  fault: Fault,
  client: RunningClient<'target'>,
  signal: AbortSignal,
): Promise<SystemRun> {
  const { kube } = context;
  const { timeoutMs } = paces[system.engine];
  const isCut = fault.name === 'node-lost';
  const pod = await primaryOf(context, system, isCut);
  const target = targetOf(pod);
  const beside = isCut ? await startBeside(context, system, pod, signal) : undefined;
  await sleep(restMs, undefined, { signal });
  const faultAt = Date.now();
  let outage: Outage;
  let healedAt: number;
  await fault.inject(target);
  try {
    const options = { faultAt, calmMs, mostMs, timeoutMs };
    outage = await observeOutage(client.logs.target, options, signal);
  } finally {
    healedAt = Date.now();
    await fault.undo(target);
  }
  // Rounded down to seconds, as Kubernetes stores its times.
  const phases = system.phases?.(faultAt - 1_000) ?? [];
  // The kubelet delays a container that has crashed a few times, longer each time: every run gets a new pod.
  // But only once its data are elsewhere: if the pod with the only copy is deleted, Patroni rightly waits for it without end.
  if (fault.name === 'crash') {
    await system.untilHealthy();
    await kube.replace(pod);
  }
  const result = { ...outage, phases };
  if (beside === undefined) return result;
  const samples = await beside.end();
  const { firstSuccessMs } = outage.window;
  if (firstSuccessMs === undefined) return result;
  return { ...result, cutOff: cutOffOf(samples, faultAt + firstSuccessMs, healedAt) };
}

/** The primary's pod; if its node is to be cut off, on another node than the operator's. */
async function primaryOf(
  { environment, kube }: SeriesContext,
  system: BenchSystem,
  isCut: boolean,
): Promise<Pod> {
  for (;;) {
    const pod = await system.untilHealthy();
    if (!isCut || nodeOf(pod) !== environment.spared) return pod;
    await kube.replace(pod);
  }
}

async function startBeside(
  context: SeriesContext,
  system: BenchSystem,
  pod: Pod,
  signal: AbortSignal,
): Promise<{ end(): Promise<Sample[]> }> {
  const { kube } = context;
  const name = 'client-beside';
  const client = await start(context, system, name, {
    url: system.memberUrl(pod),
    node: nodeOf(pod),
    everyMs: besideEveryMs,
    signal,
    // It cannot be read while its node is cut off; its log is read afterwards.
    onFailure: () => {},
  });
  const end = async () => {
    const samples = await samplesOnNode(
      kube,
      { ...client, pod: name },
      paces[system.engine].timeoutMs,
    );
    await client.stop();
    await kube.until(`the end of pod ${name}`, 60_000, async () =>
      (await kube.pods('app=client')).some(({ metadata }) => metadata?.name === name)
        ? undefined
        : true,
    );
    return samples;
  };
  return { end };
}

const targetOf = ({ metadata, spec }: Pod) => ({
  namespace: metadata?.namespace ?? '',
  name: metadata?.name ?? '',
  uid: metadata?.uid ?? '',
  node: spec?.nodeName ?? '',
});

const failureText = ({ connection, error, count, lastMs }: Failure) =>
  `${count} ${connection} ${error} until ${grouped(lastMs)}`;
