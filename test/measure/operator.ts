import { fileURLToPath } from 'node:url';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/api-types.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Api } from './api.ts';
import { isReady } from './state.ts';

export const operatorNamespace = 'haservice-system';
const operatorName = 'haservice-operator';
const manifests = fileURLToPath(new URL('../../manifests', import.meta.url));

/**
 * Installs CRD, RBAC and operator as a user does, and waits until the operator is available. In a cluster that is not
 * fresh the operator is started anew, as its image may have changed under the same name.
 */
export async function installOperator(
  cluster: Cluster,
  { isFresh }: { isFresh: boolean },
): Promise<void> {
  await cluster.runKubectl(['apply', '-k', manifests]);
  if (!isFresh) {
    await cluster.runKubectl([
      ...['-n', operatorNamespace, 'rollout', 'restart'],
      `deployment/${operatorName}`,
    ]);
  }
  await operatorAvailable(cluster);
}

/** Waits until the operator is available. */
export async function operatorAvailable(cluster: Cluster): Promise<void> {
  await cluster.runKubectl(
    [
      ...['-n', operatorNamespace, 'rollout', 'status'],
      ...[`deployment/${operatorName}`, '--timeout=150s'],
    ],
    { timeoutMs: 160_000 },
  );
}

/** The operator's pod that is ready, with its node. @throws Error where there is none. */
export async function operatorPod(
  api: Api,
  signal: AbortSignal,
): Promise<{ name: string; node: string }> {
  const pod = (await operatorPods(api, signal)).find(isReady);
  const name = pod?.metadata?.name;
  const node = pod?.spec?.nodeName;
  if (name === undefined || node === undefined) {
    throw new Error(
      `no HAService operator is ready in namespace ${operatorNamespace}; install it: kubectl apply -k manifests`,
    );
  }
  return { name, node };
}

export async function operatorPods({ client }: Api, signal: AbortSignal): Promise<Pod[]> {
  const { items } = await client.list<Pod>(pods, {
    namespace: operatorNamespace,
    labelSelector: `app.kubernetes.io/name=${operatorName}`,
    signal,
  });
  return items;
}
