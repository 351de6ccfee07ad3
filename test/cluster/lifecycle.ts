import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeClient } from '../../src/kube/client.ts';
import { nodes as nodesType } from '../../src/kube/resources.ts';
import { applyAddons, corednsImage } from './addons.ts';
import { buildBinaries } from './binaries.ts';
import { cleanUp } from './cleanup.ts';
import { Cluster } from './cluster.ts';
import { connect, createIdentities, startComponent, waitForApi } from './control-plane.ts';
import { ClusterError } from './exec.ts';
import { type ClusterNode, layOut } from './layout.ts';
import { withLock } from './lock.ts';
import { connectMachine, connectNode, createBridge } from './network.ts';
import * as node from './node.ts';
import { stateDir } from './paths.ts';
import { preflight } from './preflight.ts';
import { Sandbox, until } from './sandbox.ts';
import { freshState, writeState } from './state.ts';
import { staticImage } from './static-image.ts';
import { stoppedPrograms } from './status.ts';
import { createVolumes, startRecycler } from './volumes.ts';

const readyMs = 120_000;

export interface UpOptions {
  /** Default 3: one in each zone. */
  nodes?: number | undefined;
  log: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Starts this checkout's cluster, or finds it running. An unfinished start of an earlier run is removed first; if `signal` comes,
 * so is this one.
 *
 * @throws ClusterError that says what to do.
 */
export async function up({ nodes, log, signal }: UpOptions): Promise<Cluster> {
  await preflight();
  return withLock('life', 0, async () => {
    const running = await Cluster.find();
    if (running !== undefined) {
      if (nodes === undefined || nodes === running.nodes.length) return running;
      throw new ClusterError(
        `a cluster of ${running.nodes.length} nodes runs here: \`npm run cluster -- down\` first`,
      );
    }
    const binDir = await buildBinaries(log, signal);
    await cleanUp();
    try {
      return await start(binDir, layOut(nodes ?? 3), log, signal);
    } catch (error) {
      await cleanUp();
      signal?.throwIfAborted();
      throw error;
    }
  });
}

/** Removes the cluster and everything that it has left, in whatever state it is. */
export async function down(): Promise<void> {
  await withLock('life', 0, cleanUp);
}

async function start(
  binDir: string,
  nodes: ClusterNode[],
  log: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<Cluster> {
  for (const dir of ['kubeconfig', 'log', 'pids']) {
    await mkdir(join(stateDir, dir), { recursive: true, mode: 0o700 });
  }
  log('making namespaces and certificates');
  const sandbox = await Sandbox.start(binDir);
  const cluster = new Cluster(sandbox, freshState(binDir, nodes, sandbox.initPid));
  const link = await connectMachine(sandbox);
  await createBridge(sandbox);
  await createIdentities(link, nodes);
  signal?.throwIfAborted();

  log('starting etcd, the API server, and containerd on each node');
  await startComponent(sandbox, 'etcd');
  await startComponent(sandbox, 'kube-apiserver');
  const archives = [
    await staticImage(join(binDir, 'pause'), 'pause', node.pauseImage),
    await staticImage(join(binDir, 'coredns'), 'coredns', corednsImage),
  ];
  await Promise.all(nodes.map((each) => prepareNode(sandbox, each, nodes, archives)));
  const client = connect(cluster.kubeconfig);
  try {
    await waitForApi(sandbox, client, signal);
    for (const name of ['kube-controller-manager', 'kube-scheduler'] as const) {
      await startComponent(sandbox, name);
    }
    for (const each of nodes) {
      await node.startKubelet(sandbox, each);
      await node.startProxy(sandbox, each);
    }
    await applyAddons(cluster.kubectl, nodes);
    await startRecycler(sandbox);
    signal?.throwIfAborted();
    log('waiting for the nodes and the DNS');
    const ready = await until(() => allReady(client, nodes.length), readyMs, signal);
    if (ready === undefined) {
      throw new ClusterError(`not all nodes become ready: see the logs in ${stateDir}/log`);
    }
    await cluster.runKubectl(
      ['rollout', 'status', '-n', 'kube-system', 'deployment/coredns', '--timeout=120s'],
      { timeoutMs: readyMs },
    );
  } finally {
    await client.close();
  }
  signal?.throwIfAborted();
  const [ended] = await stoppedPrograms(cluster);
  if (ended !== undefined) {
    throw new ClusterError(`${ended} has ended:\n${await sandbox.lastWords(ended)}`);
  }
  // Last: without this file the next `up` starts from the beginning.
  await writeState(freshState(binDir, nodes, sandbox.initPid));
  return cluster;
}

async function prepareNode(
  sandbox: Sandbox,
  each: ClusterNode,
  nodes: ClusterNode[],
  archives: string[],
): Promise<void> {
  await connectNode(sandbox, each, nodes);
  await createVolumes(each);
  await node.startContainerd(sandbox, each);
  for (const archive of archives) await node.importImage(sandbox, each, archive);
}

async function allReady(client: KubeClient, count: number): Promise<true | undefined> {
  const { items } = await client.list(nodesType);
  const ready = items.filter((item) =>
    item.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
  );
  return ready.length === count ? true : undefined;
}
