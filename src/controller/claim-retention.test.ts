import { afterEach, beforeEach, expect, it } from 'vitest';
import type { PersistentVolumeClaim } from '../kube/api-types.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const claims = () => world.cluster.list('persistentvolumeclaims') as PersistentVolumeClaim[];
const owners = () => claims().map(({ metadata }) => metadata?.ownerReferences ?? []);
const uid = () => world.cluster.get('haservices', 'web')?.metadata?.uid ?? '';
const apply = (whenDeleted?: 'Retain' | 'Delete', more: object = {}) =>
  world.apply('web', {
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    ...more,
    ...(whenDeleted === undefined ? {} : { volumeClaimRetentionPolicy: { whenDeleted } }),
  });

async function bound(whenDeleted?: 'Retain' | 'Delete', ownerReferences?: object[]) {
  apply(whenDeleted);
  await until(() => world.healthy() && claims().length === 3);
  for (const { metadata, ...claim } of claims()) {
    const owned = ownerReferences === undefined ? metadata : { ...metadata, ownerReferences };
    const object = { ...claim, metadata: owned, status: { phase: 'Bound' } };
    world.cluster.put('persistentvolumeclaims', object);
  }
}

it('gives claims no owner, or this resource as one that does not control them, if they are to be deleted with it', async () => {
  await bound();
  expect(owners()).toEqual([[], [], []]);
  apply('Delete');
  await until(() => owners().every(({ length }) => length === 1));
  expect(owners()[0]).toMatchObject([
    { kind: 'HAService', name: 'web', uid: uid(), controller: false, blockOwnerDeletion: false },
  ]);
});

it('makes new claims with that owner at once', async () => {
  apply('Delete');
  await until(() => world.healthy());
  expect(owners().map(([owner]) => owner?.uid)).toEqual([uid(), uid(), uid()]);
});

it('removes only its own reference when the claims are to be kept', async () => {
  const other = { apiVersion: 'v1', kind: 'ConfigMap', name: 'mine', uid: 'uid-mine' };
  await bound('Retain', [other]);
  apply('Delete');
  await until(() => owners().every(({ length }) => length === 2));
  apply('Retain');
  await until(() => owners().every(({ length }) => length === 1));
  expect(owners()[0]).toMatchObject([other]);
});

it.each<[string, () => void]>([
  ['whose template was removed', () => world.apply('web', { volumeClaimTemplates: [] })],
  ['while the service is paused', () => apply('Retain', { paused: true })],
  [
    'while something holds up the deletion of the HAService',
    () => {
      apply('Retain');
      const object = world.cluster.get('haservices', 'web');
      const metadata = { ...object?.metadata, deletionTimestamp: new Date().toISOString() };
      world.cluster.put('haservices', { ...object, metadata });
    },
  ],
])('removes its reference from a claim that is to be kept, also %s', async (_, edit) => {
  await bound('Delete');
  expect(owners().map(({ length }) => length)).toEqual([1, 1, 1]);
  edit();
  await until(() => owners().every(({ length }) => length === 0));
});

it('removes its reference from a claim that has no volume yet', async () => {
  apply('Delete');
  await until(() => world.healthy());
  apply('Retain');
  await until(() => owners().every(({ length }) => length === 0));
});

it('uses no claim that is about to go with an earlier resource of this name, and leaves its owner alone', async () => {
  const earlier = {
    ...{ apiVersion: 'haservice.dev/v1alpha1', kind: 'HAService', name: 'web' },
    ...{ uid: 'uid-before', controller: false, blockOwnerDeletion: false },
  };
  const old = {
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
    metadata: {
      ...{ name: 'data-web-0', namespace: 'shop', uid: 'uid-old-claim' },
      labels: { 'haservice.dev/name': 'web' },
      ownerReferences: [earlier],
    },
    ...{ spec: {}, status: { phase: 'Bound' } },
  };
  world.cluster.put('persistentvolumeclaims', old);
  apply('Delete');
  await until(
    () => world.condition('Degraded')?.message.includes('data-web-0 was to be deleted') === true,
  );
  expect(world.cluster.get('pods', 'web-0')).toBeUndefined();
  const kept = world.cluster.get('persistentvolumeclaims', 'data-web-0');
  expect(kept?.metadata?.ownerReferences).toEqual([earlier]);
});
