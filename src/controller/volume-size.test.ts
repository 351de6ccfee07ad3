import { afterEach, beforeEach, expect, it } from 'vitest';
import { refusal } from '../kube/testing/fake-api-server.ts';
import type { PersistentVolumeClaim } from '../kube/api-types.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const claims = () => world.cluster.list('persistentvolumeclaims') as PersistentVolumeClaim[];
const sizes = () => claims().map(({ spec }) => spec?.resources?.requests?.['storage']);
const apply = (storage: string, more: object = {}) =>
  world.apply('web', {
    volumeClaimTemplates: [
      { metadata: { name: 'data' }, spec: { resources: { requests: { storage } } } },
    ],
    ...more,
  });

async function bound() {
  apply('1Gi');
  await until(() => world.healthy() && claims().length === 3);
  for (const claim of claims()) {
    const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
    world.cluster.put('persistentvolumeclaims', { ...claim, status });
  }
}

it('asks for larger volumes, once, and restarts nothing', async () => {
  await bound();
  const pods = JSON.stringify(world.cluster.list('pods').map(({ metadata }) => metadata.uid));
  const before = world.cluster.writes.length;
  apply('2Gi');
  await until(() => sizes().every((size) => size === '2Gi'));
  await until(() => world.condition('Progressing')?.message.includes('from 1Gi to 2Gi') === true);
  for (const claim of claims()) {
    const status = { ...claim.status, capacity: { storage: '2Gi' } };
    world.cluster.put('persistentvolumeclaims', { ...claim, status });
  }
  await until(() => world.condition('Progressing')?.status === 'False');
  const patches = world.writes(before).filter((write) => write.startsWith('PATCH persistent'));
  expect(patches).toHaveLength(3);
  expect(JSON.stringify(world.cluster.list('pods').map(({ metadata }) => metadata.uid))).toBe(pods);
});

it('says what to do if the StorageClass does not allow it, until the size is set back', async () => {
  await bound();
  const message =
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
  world.cluster.refuse = (write) =>
    write.startsWith('PATCH persistentvolumeclaims')
      ? { code: 403, body: refusal(403, 'Forbidden', message) }
      : undefined;
  apply('2Gi');
  await until(() => world.condition('Degraded')?.reason === 'VolumeNotGrown');
  expect(world.condition('Degraded')?.message).toMatch(
    /data-web-0 .* asks for 2Gi: .*must support resize.*allowVolumeExpansion: true.*set the size back/,
  );
  // Other work goes on.
  apply('2Gi', { services: { write: { type: 'NodePort' } } });
  await until(() => JSON.stringify(world.cluster.get('services', 'web')).includes('NodePort'));
  apply('1Gi');
  await until(() => world.healthy());
  expect(sizes()).toEqual(['1Gi', '1Gi', '1Gi']);
});

it('gives the claims the labels that they inherit, and takes them back', async () => {
  await bound();
  const labels = () => claims().map(({ metadata }) => metadata?.labels?.['team']);
  const object = world.cluster.get('haservices', 'web');
  const metadata = { ...object?.metadata, labels: { team: 'shop' } };
  world.cluster.put('haservices', { ...object, metadata });
  apply('1Gi', { inherit: { labels: ['team'] } });
  await until(() => labels().every((label) => label === 'shop'));
  apply('1Gi');
  await until(() => labels().every((label) => label === undefined));
});
