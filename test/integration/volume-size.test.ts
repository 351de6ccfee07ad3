import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HAService } from '../../src/api/haservice.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import type { PersistentVolumeClaim } from '../../src/kube/api-types.ts';
import { persistentVolumeClaims } from '../../src/kube/resources.ts';
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
} from './operator-with-its-rights.ts';

const namespace = 'integration-volume-size';
/** The one allows that volumes grow, the other does not. The name is that of the class, of the volume and of the HAService. */
const [grows, stays] = ['integration-grows', 'integration-stays'] as const;

let cluster: Cluster;
let api: Api;
let operator: RunningOperator;
const stop = new AbortController();
const claims = new Store<PersistentVolumeClaim>();
const resources = new Store<HAService>();

const until = <T>(find: () => T | undefined, what: string): Promise<T> =>
  firstFound(
    (listener) => {
      const ends = [claims.onChange(listener), resources.onChange(listener)];
      return () => ends.forEach((end) => end());
    },
    find,
    { timeoutMs: 60_000, late: () => new Error(`${what}; ${operator.warnings.join('; ')}`) },
  );

const storageClass = (name: string) => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner: 'example.com/none',
  allowVolumeExpansion: name === grows,
});

/** Static, as no driver of the local cluster makes volumes. */
const volume = (name: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: name,
    hostPath: { path: '/nowhere' },
    claimRef: { namespace, name: `data-${name}-0` },
  },
});

const service = (name: string, storage: string) => ({
  apiVersion: 'haservice.dev/v1alpha1',
  kind: 'HAService',
  metadata: { name, namespace },
  spec: {
    replicas: 1,
    ports: [{ port: 80 }],
    engine: { type: 'HTTP' },
    volumeClaimTemplates: [
      {
        metadata: { name: 'data' },
        spec: {
          storageClassName: name,
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage } },
        },
      },
    ],
    template: { spec: { containers: [{ name: 'web', image: 'nginx:stable' }] } },
  },
});

const apply = (...objects: object[]) =>
  cluster.runKubectl(['apply', '-f', '-'], {
    input: objects.map((object) => JSON.stringify(object)).join('\n---\n'),
  });
const remove = () =>
  cluster.runKubectl([
    ...['delete', 'storageclass,persistentvolume', grows, stays],
    ...['--ignore-not-found', '--wait'],
  ]);

beforeAll(async () => {
  cluster = await Cluster.open();
  api = Api.fromFile(cluster.kubeconfig);
  await installRights(cluster);
  await cluster.runKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
  await remove();
  await cluster.runKubectl(['create', 'namespace', namespace]);
  await grant(cluster, namespace);
  for (const name of [grows, stays]) await apply(storageClass(name), volume(name));
  await follow(api.client, persistentVolumeClaims, claims, stop.signal);
  await follow(api.client, haServices, resources, stop.signal);
  operator = await runOperator(cluster, [namespace]);
  for (const name of [grows, stays]) {
    await apply(service(name, '1Gi'));
    const claim = () => claims.get(namespace, `data-${name}-0`);
    await until(() => claim()?.status?.phase === 'Bound' || undefined, `${name} is not bound`);
  }
});
afterAll(async () => {
  await operator.stop();
  stop.abort();
  await cluster.runKubectl(['delete', 'namespace', namespace, '--wait']);
  await remove();
  await api.close();
});

it('a larger size in volumeClaimTemplates grows the claim, if its class allows that', async () => {
  await apply(service(grows, '2Gi'));
  const requests = () => claims.get(namespace, `data-${grows}-0`)?.spec?.resources?.requests;
  await until(() => requests()?.['storage'] === '2Gi' || undefined, 'the claim has not grown');
});

it('if the class does not allow that, Degraded says so and the claim stays as it was', async () => {
  await apply(service(stays, '2Gi'));
  const message = () =>
    resources
      .get(namespace, stays)
      ?.status?.conditions?.find(({ type, status }) => type === 'Degraded' && status === 'True')
      ?.message;
  const isTold = (text = '') => (text.includes(`data-${stays}-0`) ? text : undefined);
  const told = await until(() => isTold(message()), `Degraded says nothing: ${message()}`);
  expect(told).toContain('allowVolumeExpansion');
  const { spec } = claims.get(namespace, `data-${stays}-0`) ?? {};
  expect(spec?.resources?.requests?.['storage']).toBe('1Gi');
});
