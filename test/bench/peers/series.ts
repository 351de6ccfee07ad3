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
import type { Peer } from './peer.ts';

/** kube-proxy lets a second pass between two changes by default: none must be left over. And the databases are new. */
const restMs = 4_000;

/** So long must writes be acknowledged again, on every connection, for a failover to be over. Milliseconds. */
const calmMs = 4_000;

/** Longer than any of them takes to fail over: Patroni's default lease is 30 s, to which it adds its own round. */
const mostMs = 75_000;

/**
 * Milliseconds. A write to PostgreSQL costs a flush to disk on two members, and a new connection a process and a hash made
 * slow on purpose: on a small machine more would measure the queue for its processors.
 */
const paces = {
  redis: { everyMs: 10, timeoutMs: 250 },
  postgres: { everyMs: 50, timeoutMs: 1_000 },
};
/** The client beside a primary that is cut off: each write that waits for a copy keeps a process of PostgreSQL. */
const besideEveryMs = 100;

export interface PeerRun {
  window: Window;
  failures: readonly Failure[];
  phases: [Phase, number][];
  cutOff?: CutOff;
}

export interface PeerContext {
  environment: Environment;
  kube: Kube;
  live: Live;
  log: (line: string) => void;
}

/** Does one fault to one system again and again, each time when it is well. Adds to `seen` run by run. */
export async function runPeerSeries(
  context: PeerContext,
  peer: Peer,
  { fault, runs }: { fault: Fault; runs: number },
  seen: PeerRun[],
): Promise<void> {
  const { kube, log } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([kube.signal, stop.signal]);
  await peer.settled();
  const client = await start(context, peer, `client-${fault.name}`, {
    url: await peer.clientUrl(),
    node: context.environment.spared,
    signal,
    onFailure: (error) => stop.abort(error),
  });
  try {
    for (let run = 1; run <= runs; run++) {
      const result = await once(context, peer, fault, client, signal);
      seen.push(result);
      const { window, failures, phases, cutOff } = result;
      const still = window.isStillFailing ? '> ' : '';
      const late = cutOff === undefined ? '' : `, ${cutOff.acknowledged} by the one cut off`;
      log(
        `${peer.title}, ${fault.name}, run ${run} of ${runs}: last failure after ${still}${grouped(window.lastFailureMs)} ms${late}`,
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
  { environment, kube, live }: PeerContext,
  peer: Peer,
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
    ...paces[peer.engine],
    ...rest,
  });
}

async function once(
  context: PeerContext,
  peer: Peer,
  fault: Fault,
  client: RunningClient<'target'>,
  signal: AbortSignal,
): Promise<PeerRun> {
  const { kube } = context;
  const { timeoutMs } = paces[peer.engine];
  const isCut = fault.name === 'node-lost';
  const pod = await primaryOf(context, peer, isCut);
  const target = targetOf(pod);
  const beside = isCut ? await startBeside(context, peer, pod, signal) : undefined;
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
  // To the second, as Kubernetes has its times.
  const phases = peer.phases?.(faultAt - 1_000) ?? [];
  // A container that has crashed a few times is held back by the kubelet, longer each time: every run gets a fresh pod.
  // But not before its data is elsewhere: where the only copy goes with a pod, Patroni rightly waits for it for ever.
  if (fault.name === 'crash') {
    await peer.settled();
    await kube.replace(pod);
  }
  const result = { ...outage, phases };
  if (beside === undefined) return result;
  const samples = await beside.end();
  const { firstSuccessMs } = outage.window;
  if (firstSuccessMs === undefined) return result;
  return { ...result, cutOff: cutOffOf(samples, faultAt + firstSuccessMs, healedAt) };
}

/** The primary's pod; on a node other than the operator's where that is to be cut off. */
async function primaryOf(
  { environment, kube }: PeerContext,
  peer: Peer,
  isCut: boolean,
): Promise<Pod> {
  for (;;) {
    const pod = await peer.settled();
    if (!isCut || nodeOf(pod) !== environment.spared) return pod;
    await kube.replace(pod);
  }
}

async function startBeside(
  context: PeerContext,
  peer: Peer,
  pod: Pod,
  signal: AbortSignal,
): Promise<{ end(): Promise<Sample[]> }> {
  const { kube } = context;
  const name = 'client-beside';
  const client = await start(context, peer, name, {
    url: peer.memberUrl(pod),
    node: nodeOf(pod),
    everyMs: besideEveryMs,
    signal,
    // It is heard no more once its node is cut off, and read when that is over.
    onFailure: () => {},
  });
  const end = async () => {
    const samples = await samplesOnNode(
      kube,
      { ...client, pod: name },
      paces[peer.engine].timeoutMs,
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
