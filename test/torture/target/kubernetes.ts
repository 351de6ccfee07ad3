import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../../../src/kube/client.ts';
import { nodes, pods, services } from '../../../src/kube/resources.ts';
import type { KubeObject, Node, Pod } from '../../../src/kube/api-types.ts';
import { nameLabel, roleLabel } from '../../../src/api/labels.ts';
import { pauseImage } from '../../cluster/node.ts';
import { apply } from '../../framework/objects.ts';

/**
 * Kubernetes' own programs ask the API server again after a pause that is doubled with each failure: to 30 s, and up to as much again
 * by chance; it begins anew after two minutes without a failure. Two outages within two minutes so delay the scheduler, kubelets and
 * kube-proxies by up to a minute. Milliseconds.
 */
const caughtUpMs = 150_000;
const pollMs = 200;
const callMs = 5_000;
/** A shorter wait is not worth a line. */
const tellMs = 3_000;

export interface Kubernetes {
  client: Pick<KubeClient, 'list' | 'get' | 'apply' | 'delete' | 'mergePatch'>;
  namespace: string;
  /** Name and port of the service that is tested. */
  name: string;
  port: number;
  /** Asks the primary by this address, from each node. @throws Error if a node does not reach it. */
  reachedFromEachNode: (address: string) => Promise<unknown>;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** What is wrong with the nodes; undefined if all can take pods. */
export function whyNotReady(all: readonly Node[]): string | undefined {
  const wrong = all.filter(
    ({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') !==
      true,
  );
  const names = wrong.map(({ metadata }) => metadata?.name ?? '');
  return names.length === 0 ? undefined : `not Ready: ${names.join(', ')}`;
}

/** Waits until all nodes are Ready, and ends a drain that an earlier torture has left. @throws Error that says which are not. */
export async function nodesReady({ client, log, signal }: Kubernetes): Promise<void> {
  const left = await list(client, signal);
  for (const { metadata, spec } of left) {
    if (spec?.unschedulable !== true) continue;
    log(`node ${metadata?.name ?? ''} is cordoned: uncordoning it`);
    await client.mergePatch(
      nodes,
      { name: metadata?.name ?? '' },
      { spec: { unschedulable: null } },
      { signal },
    );
  }
  await waited('all nodes are Ready', { log, signal }, async () => {
    const why = whyNotReady(await list(client, signal));
    if (why !== undefined) throw new Error(why);
  });
}

/**
 * Waits until Kubernetes has caught up with an outage of the API server: until a new pod runs on each node (scheduler and kubelets),
 * and a new Service leads to the primary from each node (controller manager and kube-proxies). Otherwise the next run measures
 * their pauses.
 */
export async function caughtUp(kubernetes: Kubernetes): Promise<void> {
  const { client, namespace, log, signal } = kubernetes;
  const all = await list(client, signal);
  const named = (name: string) => ({ namespace, name });
  const service = probeService(kubernetes);
  const made = all.map(({ metadata }) => probePod(namespace, metadata?.name ?? ''));
  try {
    for (const object of [service, ...made]) await apply(client, object, signal);
    await waited(
      'Kubernetes has caught up with the outage of the API server',
      { log, signal },
      async () => {
        for (const { metadata } of made) {
          const { name = '' } = metadata ?? {};
          const { status } = await client.get<Pod>(pods, named(name), { signal });
          if (status?.phase !== 'Running') throw new Error(`${name} does not run yet`);
        }
        const { spec } = await client.get(services, named(service.metadata.name), { signal });
        await kubernetes.reachedFromEachNode(spec?.clusterIP ?? '');
      },
    );
  } finally {
    const options = { gracePeriodSeconds: 0, timeoutMs: callMs };
    await client.delete(services, named(service.metadata.name), { timeoutMs: callMs });
    for (const { metadata } of made) {
      await client.delete(pods, named(metadata?.name ?? ''), options);
    }
  }
}

const list = async (client: Kubernetes['client'], signal: AbortSignal): Promise<Node[]> =>
  (await client.list<Node>(nodes, { signal })).items;

const probeService = ({ namespace, name, port }: Kubernetes) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'probe', namespace },
  spec: { selector: { [nameLabel]: name, [roleLabel]: 'primary' }, ports: [{ port }] },
});

const probePod = (namespace: string, node: string) =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `probe-${node}`, namespace },
    spec: {
      // Not nodeName: the scheduler must place it.
      nodeSelector: { 'kubernetes.io/hostname': node },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'pause', image: pauseImage, imagePullPolicy: 'Never' }],
    },
  }) as KubeObject;

/** Repeats until it succeeds. @throws Error with the last failure. */
async function waited(
  what: string,
  { log, signal }: Pick<Kubernetes, 'log' | 'signal'>,
  look: () => Promise<void>,
): Promise<void> {
  const startedAt = performance.now();
  let why: string | undefined;
  for (;;) {
    const elapsedMs = performance.now() - startedAt;
    try {
      await look();
      if (why !== undefined && elapsedMs > tellMs) {
        log(`waited ${(elapsedMs / 1_000).toFixed(1)} s until ${what} (${why})`);
      }
      return;
    } catch (error) {
      signal.throwIfAborted();
      why = (error as Error).message;
      if (elapsedMs > caughtUpMs) {
        const seconds = caughtUpMs / 1_000;
        throw new Error(`after ${seconds} s the local cluster is not ready for a run: ${why}`, {
          cause: error,
        });
      }
    }
    await sleep(pollMs, undefined, { signal });
  }
}
