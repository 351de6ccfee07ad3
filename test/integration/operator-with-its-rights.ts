import { KubeConfig } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { settingsKey, settingsName } from '../../src/api/operator-settings.ts';
import { findNamespaces } from '../../src/controller/find-namespaces.ts';
import { Operator } from '../../src/controller/operator.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { operatorName, operatorNamespace } from '../framework/operator.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const settingsRef = { namespace: operatorNamespace, name: settingsName };

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
  watchNamespaces: string[] | undefined;
  /** It has ended by itself, as its settings name other namespaces, or was stopped. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/** Writes the settings of the operator, with these namespaces alone. */
export async function writeNamespaces(cluster: Cluster, namespaces: string[]): Promise<void> {
  const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: settingsRef };
  const data = { [settingsKey]: `namespaces: ${JSON.stringify(namespaces)}` };
  const input = JSON.stringify({ ...settings, data });
  await cluster.runKubectl(['apply', '-f', '-'], { input });
}

const removeSettings = (cluster: Cluster): Promise<string> =>
  cluster.runKubectl([
    ...['delete', 'configmap', settingsName, '--namespace', operatorNamespace],
    '--ignore-not-found',
  ]);

/**
 * Runs the operator of this checkout in this process, with the token and so with exactly the rights of the installed one, and in these
 * namespaces. They are in its settings until it is stopped.
 */
export async function runOperator(
  cluster: Cluster,
  namespaces: string[],
): Promise<RunningOperator> {
  await writeNamespaces(cluster, namespaces);
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
  const stop = new AbortController();
  const namespace = operatorNamespace;
  const onFault = (fault: string) => void warnings.push(fault);
  const own = { client, namespace, clock: systemClock, log, onFault };
  const watchNamespaces = await findNamespaces(own, stop.signal);
  const operator = new Operator({
    client,
    clock: systemClock,
    random: Math.random,
    log,
    metrics: new Metrics(),
    nodeName: undefined,
    instance: 'test',
    namespace,
    watchNamespaces,
    onOtherNamespaces: () => stop.abort(),
  });
  const running = operator.run(stop.signal);
  return {
    warnings,
    watchNamespaces,
    ended: running,
    stop: async () => {
      stop.abort();
      await running;
      await client.close();
      await removeSettings(cluster);
    },
  };
}
