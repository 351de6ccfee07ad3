import { KubeConfig } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { Operator } from '../../src/controller/operator.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { operatorName, operatorNamespace } from '../framework/operator.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Installs the CRD, and the rights of examples/namespaced in no namespace yet. */
export async function installRights(cluster: Cluster): Promise<void> {
  await cluster.runKubectl(['apply', '-k', file('crds')]);
  await cluster.runKubectl(['wait', '--for=condition=Established', 'crd/haservices.haservice.dev']);
  const manifests = await cluster.runKubectl(['kustomize', file('examples/namespaced')]);
  const kinds = 'Namespace|ServiceAccount|ClusterRole|Role|ClusterRoleBinding|RoleBinding';
  const rights = manifests
    .split(/^---$/m)
    .filter((each) => new RegExp(`^kind: (${kinds})$`, 'm').test(each))
    .filter((each) => !/^ {2}namespace: shop$/m.test(each));
  await cluster.runKubectl(['apply', '-f', '-'], { input: rights.join('---') });
  // Of an operator with rights everywhere that is installed on this cluster.
  await cluster.runKubectl(['delete', 'clusterrolebinding', operatorName, '--ignore-not-found']);
}

/** Gives the operator its rights in a namespace. */
export const grant = (cluster: Cluster, namespace: string): Promise<string> =>
  cluster.runKubectl([
    ...['create', 'rolebinding', 'haservice-operator', '--namespace', namespace],
    ...['--clusterrole', operatorName],
    ...['--serviceaccount', `${operatorNamespace}:${operatorName}`],
  ]);

export interface RunningOperator {
  /** What it has logged as warnings and errors. */
  warnings: string[];
  stop(): Promise<void>;
}

/** Runs the operator of this checkout in this process, with the token and so with exactly the rights of the installed one. */
export async function runOperator(
  cluster: Cluster,
  watchNamespaces: string[],
): Promise<RunningOperator> {
  const token = await cluster.runKubectl([
    ...['create', 'token', operatorName, '--namespace', operatorNamespace],
  ]);
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const { clusters } = config;
  config.loadFromOptions({
    clusters,
    users: [{ name: 'operator', token: token.trim() }],
    contexts: [{ name: 'operator', user: 'operator', cluster: clusters[0]?.name ?? '' }],
    currentContext: 'operator',
  });
  const client = KubeClient.fromKubeConfig(config);
  const warnings: string[] = [];
  const log: Log = {
    debug() {},
    info() {},
    warn: (_: object, message: string) => warnings.push(message),
    error: (_: object, message: string) => warnings.push(message),
    child: () => log,
  };
  const operator = new Operator({
    client,
    clock: systemClock,
    random: Math.random,
    log,
    metrics: new Metrics(),
    nodeName: undefined,
    instance: 'test',
    namespace: operatorNamespace,
    watchNamespaces,
  });
  const stop = new AbortController();
  const running = operator.run(stop.signal);
  return {
    warnings,
    stop: async () => {
      stop.abort();
      await running;
      await client.close();
    },
  };
}
