import { setTimeout as sleep } from 'node:timers/promises';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/api-types.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/exec.ts';
import { Api } from './api.ts';
import { isReady } from './state.ts';

export const operatorNamespace = 'haservice-system';
export const operatorName = 'haservice-operator';
const selector = `app.kubernetes.io/name=${operatorName}`;

/** An API server that is not reachable yet may end the operator once or twice. */
const endsAllowed = 2;
const pollMs = 500;

/**
 * Waits until the operator is available.
 *
 * @throws ClusterError with the end of the operator's log if that takes too long, or as soon as the operator has ended again
 * and again; the signal's reason if that ended the waiting.
 */
export async function operatorAvailable(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([over.signal, ...(signal === undefined ? [] : [signal])]);
  const api = Api.fromFile(cluster.kubeconfig);
  try {
    await Promise.race([rolledOut(cluster, stop), endsAgain(api, stop)]);
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    const log = await operatorLog(cluster);
    throw new ClusterError(`the operator does not become ready: ${error.message}\n${log}`);
  } finally {
    over.abort();
    await api.close();
  }
}

async function rolledOut(cluster: Cluster, signal: AbortSignal): Promise<void> {
  await cluster.runKubectl(
    [
      ...['-n', operatorNamespace, 'rollout', 'status'],
      ...[`deployment/${operatorName}`, '--timeout=150s'],
    ],
    { timeoutMs: 160_000, signal },
  );
}

/** Returns never. @throws ClusterError as soon as the operator has ended too often since the call. */
async function endsAgain(api: Api, signal: AbortSignal): Promise<never> {
  const before = new Map<string, number>();
  for (;;) {
    for (const { metadata, status } of await operatorPods(api, signal).catch(() => [])) {
      const uid = metadata?.uid ?? '';
      const ends = status?.containerStatuses?.[0]?.restartCount ?? 0;
      const known = before.get(uid);
      if (known === undefined) before.set(uid, ends);
      else if (ends - known > endsAllowed) {
        throw new ClusterError(`it has ended ${ends - known} times since it was installed`);
      }
    }
    await sleep(pollMs, undefined, { signal });
  }
}

/** The end of the operator's log, for a message: of the run before if the present one has logged nothing yet. */
async function operatorLog(cluster: Cluster): Promise<string> {
  const logs = ['-n', operatorNamespace, 'logs', '--selector', selector, '--tail=15'];
  for (const args of [logs, [...logs, '--previous']]) {
    const text = (await cluster.runKubectl(args).catch(() => '')).trim();
    if (text !== '') return `the end of its log:\n${text}`;
  }
  return 'its log is empty';
}

/** The operator's pod that is ready, with its node. @throws Error if there is none. */
export async function operatorPod(
  api: Api,
  signal: AbortSignal,
): Promise<{ name: string; node: string }> {
  const pod = (await operatorPods(api, signal)).find(isReady);
  const name = pod?.metadata?.name;
  const node = pod?.spec?.nodeName;
  if (name === undefined || node === undefined) {
    throw new Error(
      `no HAService operator is ready in namespace ${operatorNamespace}; install it: kubectl apply -k crds && kubectl apply -k manifests`,
    );
  }
  return { name, node };
}

export async function operatorPods({ client }: Api, signal: AbortSignal): Promise<Pod[]> {
  const { items } = await client.list<Pod>(pods, {
    namespace: operatorNamespace,
    labelSelector: selector,
    signal,
  });
  return items;
}
