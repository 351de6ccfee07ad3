import { afterEach, expect, it } from 'vitest';
import { World } from './testing/world.ts';

let world: World;
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const putSettings = (text: string, name = 'haservice-operator', namespace = 'system') =>
  world.cluster.put('configmaps', settingsOf(text, name, namespace));
const settingsOf = (text: string, name = 'haservice-operator', namespace = 'system') => ({
  metadata: { name, namespace },
  data: { 'settings.yaml': text },
});
const reasons = () =>
  world.cluster.list('events').map((event) => (event as { reason?: string }).reason);
const gauge = async () =>
  /^haservice_settings_valid (\d)$/m.exec((await world.metrics.expose()).text)?.[1];

it('tells of wrong settings, and of their correction', async () => {
  world = await World.start();
  putSettings('chaos: { enabled: perhaps }');
  await until(() => reasons().includes('SettingsInvalid'));
  const event = world.cluster.list('events')[0];
  expect(event).toMatchObject({
    metadata: { namespace: 'system' },
    type: 'Warning',
    regarding: { kind: 'ConfigMap', name: 'haservice-operator', namespace: 'system' },
  });
  expect(await gauge()).toBe('0');
  putSettings('chaos: { enabled: false }');
  await until(() => reasons().includes('SettingsCorrected'));
  expect(await gauge()).toBe('1');
});

it('reads no other ConfigMap', async () => {
  world = await World.start();
  putSettings('wrong', 'another');
  putSettings('wrong', 'haservice-operator', 'shop');
  putSettings('wrong');
  await until(() => reasons().length > 0);
  const regarding = world.cluster
    .list('events')
    .map((event) => (event as { regarding?: { name?: string; namespace?: string } }).regarding);
  expect(regarding).toMatchObject([{ name: 'haservice-operator', namespace: 'system' }]);
});

it('works with a role that allows neither the settings nor namespaces', async () => {
  world = await World.start(({ cluster }) => {
    for (const plural of ['configmaps', 'namespaces']) cluster.forbidden.add(plural);
  });
  world.apply('web');
  await until(() => world.healthy());
  expect(await gauge()).toBe('1');
});

it('asks for no ConfigMap outside of a pod', async () => {
  world = await World.start((each) => (each.namespace = undefined));
  world.apply('web', { replicas: 1 });
  await until(() => world.healthy());
  const paths = world.cluster.api.requests.map(({ path }) => path);
  expect(paths.filter((path) => path.includes('configmaps'))).toEqual([]);
});

it('lists only the namespaces that have opted out of chaos', async () => {
  world = await World.start();
  world.apply('web', { replicas: 1 });
  await until(() => world.healthy());
  const { query } = world.cluster.api.requests.find(({ path }) => path === '/api/v1/namespaces')!;
  expect(query.get('labelSelector')).toBe('haservice.dev/chaos=disabled');
});

it('works on its namespaces, and asks for a start when its settings name others', async () => {
  world = await World.start((each) => {
    each.watchNamespaces = ['shop', 'payments'];
    each.cluster.put('configmaps', settingsOf('namespaces: [payments, shop, shop]'));
  });
  world.apply('web', { replicas: 1 });
  await until(() => world.healthy());
  const { requests } = world.cluster.api;
  expect(requests.filter(({ path }) => path.endsWith('v1alpha1/haservices'))).toEqual([]);
  putSettings('namespaces: [');
  await until(() => reasons().includes('SettingsInvalid'));
  expect(world.restarts).toBe(0);
  putSettings('namespaces: [shop]');
  await until(() => reasons().includes('NamespacesChanged'));
  expect(world.restarts).toBe(1);
});

it('asks for a start when the ConfigMap with its namespaces is deleted', async () => {
  world = await World.start((each) => {
    each.watchNamespaces = ['shop'];
    each.cluster.put('configmaps', settingsOf('namespaces: [shop]'));
  });
  world.apply('web', { replicas: 1 });
  await until(() => world.healthy());
  world.cluster.remove('configmaps', 'haservice-operator', 'system');
  await until(() => world.restarts > 0);
});
