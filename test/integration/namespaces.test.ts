import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HAService } from '../../src/api/haservice.ts';
import { nameLabel } from '../../src/api/labels.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import type { Service } from '../../src/kube/api-types.ts';
import { services } from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { firstFound } from '../framework/first-found.ts';
import { follow } from '../framework/follow.ts';
import {
  type RunningOperator,
  grant,
  installRights,
  runOperator,
  writeNamespaces,
} from './operator-with-its-rights.ts';

/** The operator may work in the first, is told to work in the second and has no right to, and is not told of the third. */
const granted = 'integration-granted';
const refused = 'integration-refused';
const other = 'integration-other';
const own = [granted, refused, other];

let cluster: Cluster;
let api: Api;
let operator: RunningOperator;
const stop = new AbortController();
const seen = new Store<Service>();
const resources = new Store<HAService>();

const until = (holds: () => boolean, what: string): Promise<true> =>
  firstFound(
    (listener) => {
      const ends = [seen.onChange(listener), resources.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
    () => (holds() ? true : undefined),
    { timeoutMs: 60_000, late: () => new Error(`${what}; ${operator.warnings.join('; ')}`) },
  );

beforeAll(async () => {
  cluster = await Cluster.open();
  api = Api.fromFile(cluster.kubeconfig);
  await installRights(cluster);
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
  await grant(cluster, granted);
  await follow(api.client, services, seen, stop.signal, nameLabel);
  await follow(api.client, haServices, resources, stop.signal);
  operator = await runOperator(cluster, [granted, refused]);
});
afterAll(async () => {
  await operator.stop();
  stop.abort();
  await Promise.all(
    own.map((namespace) => cluster.runKubectl(['delete', 'namespace', namespace, '--wait'])),
  );
  await api.close();
});

it('works in the namespaces that it is told and may read, with exactly those rights', async () => {
  await until(() => seen.get(granted, 'web-all') !== undefined, 'no Service in the namespace');
  expect(seen.get(refused, 'web')).toBeUndefined();
  const isOther = (warning: string) => !warning.includes(`in namespace ${refused}`);
  expect(operator.warnings.filter(isOther)).toEqual([]);
  await until(() => resources.get(granted, 'web')?.status?.phase !== undefined, 'no status');
});

it('begins in a namespace as soon as it gets the rights there, and never in one that it is not told of', async () => {
  await grant(cluster, refused);
  await until(() => seen.get(refused, 'web-all') !== undefined, 'no Service after the grant');
  expect(seen.get(other, 'web')).toBeUndefined();
});

it('ends when its settings name other namespaces, and the next one works in these', async () => {
  await writeNamespaces(cluster, own);
  await operator.ended;
  await operator.stop();
  await grant(cluster, other);
  operator = await runOperator(cluster, own);
  expect(operator.watchNamespaces).toEqual(own);
  await until(() => seen.get(other, 'web-all') !== undefined, 'no Service in the new namespace');
});
