import { Cluster } from '../../cluster/cluster.ts';
import type { FaultName } from '../../framework/faults.ts';
import { Live } from '../../framework/live.ts';
import { freshNamespace, removeNamespace } from '../../framework/objects.ts';
import type { Environment } from '../../framework/environment.ts';
import { Kube } from './kube.ts';
import type { Peer } from './peer.ts';
import { type PeerRow, peerRowOf } from './rows.ts';
import { type PeerRun, runPeerSeries } from './series.ts';
import { systemOf } from './systems.ts';

const removeMs = 180_000;

export interface PeerOptions {
  environment: Environment;
  namespace: string;
  /** Names of systems. */
  systems: readonly string[];
  runs: number;
  only: readonly FaultName[];
  log: (line: string) => void;
  signal: AbortSignal;
}

/** @returns one row a series; where it was ended early, what was measured until then. */
export async function benchPeers(options: PeerOptions): Promise<{
  rows: PeerRow[];
  error: Error | undefined;
}> {
  const measured: { peer: Peer; fault: FaultName; seen: PeerRun[] }[] = [];
  let error: Error | undefined;
  for (const name of options.systems) {
    try {
      await benchSystem(options, name, measured);
    } catch (caught) {
      // One that does not come up, or back, keeps no other from being measured.
      error ??= caught as Error;
      if (options.signal.aborted) break;
      options.log(`${name} was given up: ${(caught as Error).message}`);
    }
  }
  const rows = measured.flatMap(({ peer, fault, seen }) =>
    seen.length === 0 ? [] : [peerRowOf(peer, fault, seen)],
  );
  return { rows, error };
}

/** One system at a time: they would slow each other down. */
async function benchSystem(
  { environment, namespace, runs, only, log, signal: stop }: PeerOptions,
  name: string,
  measured: { peer: Peer; fault: FaultName; seen: PeerRun[] }[],
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
    const peer = systemOf(name, kube, live);
    log(`making ${peer.title} (${name})`);
    await peer.deploy();
    // A lone pod on a node that is cut off is not replaced before five minutes have passed.
    const faults = environment.faults.filter(
      (fault) =>
        only.includes(fault.name) && !(name === 'redis-plain' && fault.name === 'node-lost'),
    );
    for (const fault of faults) {
      const seen: PeerRun[] = [];
      measured.push({ peer, fault: fault.name, seen });
      await runPeerSeries({ environment, kube, live, log }, peer, { fault, runs }, seen);
    }
  } finally {
    await removeNamespace(client, namespace, AbortSignal.timeout(removeMs));
    end.abort(new Error('the series have ended'));
  }
}
