import { KubeConfig } from '@kubernetes/client-node';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Operator } from '../../src/controller/operator.ts';
import type { HAService } from '../../src/api/haservice.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import { KubeClient } from '../../src/kube/client.ts';
import { services } from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import type { Service } from '../../src/kube/api-types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Log } from '../../src/lib/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { firstFound } from '../framework/first-found.ts';
import { follow } from '../framework/follow.ts';
import { operatorName, operatorNamespace } from '../framework/operator.ts';

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
/** The operator may work in the first, is told to work in the second and has no right to, and is not told of the third. */
const granted = 'integration-granted';
const refused = 'integration-refused';
const other = 'integration-other';
const own = [granted, refused, other];
const label = 'haservice.dev/name';

let cluster: Cluster;
let api: Api;
let client: KubeClient;
const stop = new AbortController();
let running: Promise<void>;
const seen = new Store<Service>();
const resources = new Store<HAService>();
const warnings: string[] = [];

const log: Log = {
  debug() {},
  info() {},
  warn: (_: object, message: string) => warnings.push(message),
  error: (_: object, message: string) => warnings.push(message),
  child: () => log,
};

const until = (holds: () => boolean, what: string): Promise<true> =>
  firstFound(
    (listener) => {
      const ends = [seen.onChange(listener), resources.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
    () => (holds() ? true : undefined),
    { timeoutMs: 60_000, late: () => new Error(`${what}; ${warnings.join('; ')}`) },
  );

const grant = (namespace: string) =>
  cluster.runKubectl([
    ...['create', 'rolebinding', 'haservice-operator', '--namespace', namespace],
    ...['--clusterrole', operatorName],
    ...['--serviceaccount', `${operatorNamespace}:${operatorName}`],
  ]);

/** As the manifests for some namespaces give the rights, and no more. */
async function installRights() {
  const manifests = await cluster.runKubectl(['kustomize', file('examples/namespaced')]);
  const rights = manifests
    .split(/^---$/m)
    .filter((each) =>
      /^kind: (Namespace|ServiceAccount|ClusterRole|Role|ClusterRoleBinding|RoleBinding)$/m.test(
        each,
      ),
    )
    .filter((each) => !/^ {2}namespace: shop$/m.test(each));
  await cluster.runKubectl(['apply', '-f', '-'], { input: rights.join('---') });
  // Of an operator with rights everywhere that is installed on this cluster.
  await cluster.runKubectl(['delete', 'clusterrolebinding', operatorName, '--ignore-not-found']);
}

beforeAll(async () => {
  cluster = await Cluster.open();
  api = Api.fromFile(cluster.kubeconfig);
  await cluster.runKubectl(['apply', '-k', file('crds')]);
  await cluster.runKubectl(['wait', '--for=condition=Established', 'crd/haservices.haservice.dev']);
  await installRights();
  for (const namespace of own) {
    await cluster.runKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
    await cluster.runKubectl(['create', 'namespace', namespace]);
    await api.client.create(haServices, {
      apiVersion: 'haservice.dev/v1alpha1',
      kind: 'HAService',
      metadata: { name: 'web', namespace } as never,
      spec: {
        replicas: 1,
        ports: [{ port: 80 }],
        engine: { type: 'HTTP' },
        template: { spec: { containers: [{ name: 'web', image: 'nginx:stable' }] } },
      },
    });
  }
  await grant(granted);
  await follow(api.client, services, seen, stop.signal, label);
  await follow(api.client, haServices, resources, stop.signal);
  const token = await cluster.runKubectl([
    ...['create', 'token', operatorName, '--namespace', operatorNamespace],
  ]);
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfig);
  const { clusters } = config;
  config.loadFromOptions({
    clusters,
    users: [{ name: 'operator', token: token.trim() }],
    contexts: [{ name: 'operator', user: 'operator', cluster: clusters[0]!.name }],
    currentContext: 'operator',
  });
  client = KubeClient.fromKubeConfig(config);
  const operator = new Operator({
    client,
    clock: systemClock,
    random: Math.random,
    log,
    metrics: new Metrics(),
    nodeName: undefined,
    instance: 'test',
    namespace: operatorNamespace,
    watchNamespaces: [granted, refused],
  });
  running = operator.run(stop.signal);
});
afterAll(async () => {
  stop.abort();
  await running;
  for (const namespace of own) {
    await cluster.runKubectl(['delete', 'namespace', namespace, '--wait']);
  }
  await client.close();
  await api.close();
});

it('works in the namespaces that it is told and may read, with exactly those rights', async () => {
  await until(() => seen.get(granted, 'web-all') !== undefined, 'no Service in the namespace');
  expect(seen.get(refused, 'web')).toBeUndefined();
  const refusals = warnings.filter((each) => !each.includes(`in namespace ${refused}`));
  expect(refusals).toEqual([]);
  const phase = () => resources.get(granted, 'web')?.status?.phase;
  await until(() => phase() !== undefined, 'no status');
});

it('begins in a namespace as soon as it gets the rights there, and never in one that it is not told of', async () => {
  await grant(refused);
  await until(() => seen.get(refused, 'web-all') !== undefined, 'no Service after the grant');
  expect(seen.get(other, 'web')).toBeUndefined();
});
