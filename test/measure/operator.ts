import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/wire.ts';
import { run } from '../cluster/exec.ts';
import type { Api } from './api.ts';
import { isReady } from './state.ts';

export const operatorNamespace = 'haservice-system';
const operatorName = 'haservice-operator';
const repository = new URL('../..', import.meta.url).pathname;

/** Installs CRD, RBAC and operator as a user does, and waits until the operator is available. */
export async function installOperator(kubeconfig: string, signal: AbortSignal): Promise<void> {
  const kubectl = (...args: string[]) =>
    run(['kubectl', '--kubeconfig', kubeconfig, ...args], {
      signal,
      timeoutMs: 180_000,
      cwd: repository,
    });
  await kubectl('apply', '-k', 'manifests');
  await kubectl(
    ...['-n', operatorNamespace, 'rollout', 'status'],
    ...[`deployment/${operatorName}`, '--timeout=150s'],
  );
}

/** The operator's pod that is ready, with its node. @throws Error where there is none. */
export async function operatorPod(
  { client }: Api,
  signal: AbortSignal,
): Promise<{ name: string; uid: string; node: string }> {
  const { items } = await client.list<Pod>(pods, {
    namespace: operatorNamespace,
    labelSelector: `app.kubernetes.io/name=${operatorName}`,
    signal,
  });
  const pod = items.find(isReady);
  const { name, uid } = pod?.metadata ?? {};
  const node = pod?.spec?.nodeName;
  if (name === undefined || uid === undefined || node === undefined) {
    throw new Error(
      `no HAService operator is ready in namespace ${operatorNamespace}; install it: kubectl apply -k manifests`,
    );
  }
  return { name, uid, node };
}
