import { afterAll, beforeAll, expect, it } from 'vitest';
import { settingsKey, settingsName } from '../../src/api/operator-settings.ts';
import { configMaps } from '../../src/kube/resources.ts';
import { operatorName, operatorNamespace } from '../framework/operator.ts';
import { World } from './world.ts';

let world: World;
const ref = { namespace: operatorNamespace, name: settingsName };

beforeAll(async () => {
  world = await World.open('e2e-operator-settings');
  await world.client.delete(configMaps, ref);
});
afterAll(async () => {
  await world.client.delete(configMaps, ref);
  await world.close();
});

const dataOf = (text: string) => ({ [settingsKey]: text });

/** Waits for an Event on the ConfigMap with this UID. @returns its note. */
const eventOn = (uid: string, reason: string): Promise<string> =>
  world.until(`an Event ${reason} on the ConfigMap`, () => {
    const found = world.events
      .list()
      .find((event) => event.regarding?.uid === uid && event.reason === reason);
    return found === undefined ? undefined : (found.note ?? '');
  });

it('the operator says that its settings are wrong, and that they are corrected', async () => {
  const { metadata } = await world.client.create(configMaps, {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: ref },
    data: dataOf('chaos: { enabled: perhaps }'),
  });
  const uid = metadata?.uid ?? '';
  expect(await eventOn(uid, 'SettingsInvalid')).toMatch(/^chaos\.enabled is "perhaps"; write true/);
  await world.client.mergePatch(configMaps, ref, { data: dataOf('chaos: { enabled: true }') });
  expect(await eventOn(uid, 'SettingsCorrected')).toMatch(/"enabled":true/);
});

it('the operator has the rights to its settings and to evictions, and to no other ConfigMap', async () => {
  const user = `system:serviceaccount:${operatorNamespace}:${operatorName}`;
  const may = (namespace: string, ...question: string[]): Promise<boolean> =>
    world.cluster
      .runKubectl(['auth', 'can-i', '--namespace', namespace, '--as', user, ...question])
      .then(
        () => true,
        () => false,
      );
  for (const verb of ['get', 'list', 'watch']) {
    expect(await may(operatorNamespace, verb, `configmaps/${settingsName}`), verb).toBe(true);
    expect(await may(operatorNamespace, verb, 'configmaps'), verb).toBe(false);
    expect(await may(world.namespace, verb, `configmaps/${settingsName}`), verb).toBe(false);
  }
  expect(await may(operatorNamespace, 'update', `configmaps/${settingsName}`)).toBe(false);
  expect(await may(world.namespace, 'create', 'pods', '--subresource=eviction')).toBe(true);
  for (const verb of ['get', 'list', 'watch']) {
    expect(await may(world.namespace, verb, 'namespaces'), verb).toBe(true);
  }
  expect(await may(world.namespace, 'patch', 'namespaces')).toBe(false);
});
