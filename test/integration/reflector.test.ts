import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMaps } from '../../src/kube/resources.ts';
import { Store } from '../../src/kube/store.ts';
import type { ConfigMap } from '../../src/kube/api-types.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';
import { firstFound } from '../framework/first-found.ts';
import { follow } from '../framework/follow.ts';

const namespace = 'integration-reflector';
const label = 'haservice.dev/reflector-test';
let cluster: Cluster;
let api: Api;
const stop = new AbortController();
const store = new Store<ConfigMap>();

beforeAll(async () => {
  cluster = await Cluster.open();
  api = Api.fromFile(cluster.kubeconfig);
  await cluster.runKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
  await cluster.runKubectl(['create', 'namespace', namespace]);
  await follow(api.client, configMaps, store, stop.signal, label);
});
afterAll(async () => {
  stop.abort();
  await cluster.runKubectl(['delete', 'namespace', namespace, '--wait']);
  await api.close();
});

const object = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: { [label]: '' } },
  data,
});

/** Resolves when the store shows what `holds` looks for. */
const until = (holds: () => boolean): Promise<true> =>
  firstFound(
    (listener) => store.onChange(listener),
    () => (holds() ? true : undefined),
    { timeoutMs: 60_000, late: () => new Error('the store does not show it') },
  );

it('shows what is created, changed and deleted', async () => {
  await api.client.create(configMaps, object('one', { a: '1' }));
  await until(() => store.get(namespace, 'one')?.data?.['a'] === '1');
  await api.client.mergePatch(configMaps, { namespace, name: 'one' }, { data: { a: '2' } });
  await until(() => store.get(namespace, 'one')?.data?.['a'] === '2');
  await api.client.delete(configMaps, { namespace, name: 'one' });
  await until(() => store.get(namespace, 'one') === undefined);
});

it('loses nothing when the API server crashes and comes back', async () => {
  await api.client.create(configMaps, object('before'));
  await until(() => store.get(namespace, 'before') !== undefined);
  await cluster.stopComponent('kube-apiserver');
  await cluster.startComponent('kube-apiserver');
  await api.client.create(configMaps, object('after'));
  await api.client.delete(configMaps, { namespace, name: 'before' });
  await until(() => store.get(namespace, 'after') !== undefined);
  await until(() => store.get(namespace, 'before') === undefined);
});

it('shows more objects than one page of a list holds', async () => {
  const names = Array.from({ length: 520 }, (_, i) => `many-${i}`);
  const list = names.map((name) => JSON.stringify(object(name))).join('\n---\n');
  await cluster.runKubectl(['create', '-f', '-'], { input: list, timeoutMs: 120_000 });
  const other = new Store<ConfigMap>();
  await follow(api.client, configMaps, other, stop.signal, label);
  for (const name of names) expect(other.get(namespace, name), name).toBeDefined();
}, 120_000);
