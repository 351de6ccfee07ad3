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
const claim = (ordinal: number) =>
  world.cluster.get('persistentvolumeclaims', `data-web-${ordinal}`) as
    PersistentVolumeClaim | undefined;
const owners = (ordinal: number) =>
  (claim(ordinal)?.metadata?.ownerReferences ?? []).map(({ kind, uid }) => `${kind} ${uid}`);
const mark = (ordinal: number) =>
  claim(ordinal)?.metadata?.annotations?.['haservice.dev/scaled-away']?.replace(/^[^/]*\//, '');
const uidOf = (ordinal: number) => world.cluster.get('pods', `web-${ordinal}`)?.metadata.uid;
const apply = (replicas: number, more: object = {}) =>
  world.apply('web', {
    replicas,
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
    volumeClaimRetentionPolicy: { whenScaled: 'Delete' },
    ...more,
  });
const forbidden = { code: 403, body: refusal(403, 'Forbidden') };

/** Three members with volumes. */
async function running(more: object = {}) {
  apply(3, more);
  await until(() => world.healthy() && world.status().scaledTo === 3);
  bindVolumes();
  const uids = [0, 1, 2].map(uidOf);
  return { web0: uids[0] ?? '', web1: uids[1] ?? '', web2: uids[2] ?? '' };
}

function bindVolumes() {
  for (const each of world.cluster.list('persistentvolumeclaims')) {
    world.cluster.put('persistentvolumeclaims', { ...each, status: { phase: 'Bound' } });
  }
}

/** As Kubernetes' garbage collector: the owner of the claim is gone. */
function collect(ordinal: number) {
  world.cluster.remove('persistentvolumeclaims', `data-web-${ordinal}`);
}

it('gives the claim to the pod after the pod is gone, and marks it before the pod is deleted', async () => {
  const { web2 } = await running();
  world.kubelet = false;
  const from = world.cluster.writes.length;
  apply(2);
  await until(() => world.cluster.get('pods', 'web-2')?.metadata.deletionTimestamp !== undefined);
  expect(mark(2)).toBe(web2);
  expect(owners(2)).toEqual([]);
  const writes = world.writes(from).filter((write) => /persistent|DELETE/.test(write));
  expect(writes).toEqual(['PATCH persistentvolumeclaims/data-web-2', 'DELETE pods/web-2']);
  world.kubelet = true;
  await until(() => owners(2).length > 0);
  expect(owners(2)).toEqual([`Pod ${web2}`]);
  expect([...owners(0), ...owners(1), mark(0), mark(1)]).toEqual([undefined, undefined]);
  collect(2);
  await until(() => world.healthy() && world.status().scaledTo === 2);
});

it('takes its own owner away, so that the claim goes before the HAService', async () => {
  const policy = { volumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' } };
  const { web2 } = await running(policy);
  const service = `HAService ${world.cluster.get('haservices', 'web')?.metadata.uid}`;
  await until(() => [0, 1, 2].every((ordinal) => owners(ordinal).length === 1));
  apply(2, policy);
  await until(() => owners(2)[0] !== service);
  expect([owners(0), owners(1), owners(2)]).toEqual([[service], [service], [`Pod ${web2}`]]);
});

it('leaves a claim alone that has an owner of the user', async () => {
  await running();
  const mine = { apiVersion: 'v1', kind: 'ConfigMap', name: 'mine', uid: 'uid-mine' };
  const { metadata, ...rest } = claim(2) ?? {};
  const owned = { ...rest, metadata: { ...metadata, ownerReferences: [mine] } };
  world.cluster.put('persistentvolumeclaims', owned);
  apply(2);
  await until(() => uidOf(2) === undefined && world.healthy());
  const { generation } = world.cluster.get('haservices', 'web')?.metadata ?? {};
  await until(() => world.status().observedGeneration === generation);
  expect(owners(2)).toEqual(['ConfigMap uid-mine']);
  await until(() => world.condition('Progressing')?.status === 'False');
});

it('leaves a claim alone that an earlier HAService of this name has scaled away and not given up', async () => {
  await running();
  world.cluster.refuse = (_write, { metadata }) =>
    metadata?.ownerReferences === undefined ? undefined : forbidden;
  apply(2);
  await until(() => mark(2) !== undefined && uidOf(2) === undefined);
  world.cluster.remove('haservices', 'web');
  await until(() => world.cluster.get('haservices', 'web') === undefined);
  // Kubernetes deletes what was owned by it.
  for (const plural of ['services', 'endpointslices', 'poddisruptionbudgets', 'pods']) {
    for (const { metadata } of world.cluster.list(plural)) {
      world.cluster.remove(plural, metadata.name ?? '');
    }
  }
  for (const program of world.programs.values()) program.kill();
  world.cluster.refuse = () => undefined;
  apply(2);
  await until(() => world.healthy() && world.condition('Progressing')?.status === 'False');
  expect(owners(2)).toEqual([]);
});

it('keeps every claim at 0 replicas, also that of a member that was just scaled away', async () => {
  await running();
  world.cluster.refuse = (_write, { metadata }) =>
    metadata?.ownerReferences === undefined ? undefined : forbidden;
  apply(2);
  await until(() => mark(2) !== undefined && uidOf(2) === undefined);
  world.cluster.refuse = () => undefined;
  apply(0);
  await until(() => world.status().phase === 'Stopped' && world.cluster.list('pods').length === 0);
  await until(() => mark(2) === undefined);
  expect([0, 1, 2].flatMap(owners)).toEqual([]);
});

it('does not delete the pod as long as the claim cannot be marked', async () => {
  const { web2 } = await running();
  world.cluster.refuse = (write) => (write.includes('PATCH persistent') ? forbidden : undefined);
  apply(2);
  await until(() => world.condition('Degraded')?.message.includes('data-web-2') === true);
  expect(uidOf(2)).toBe(web2);
  world.cluster.refuse = () => undefined;
  await until(() => owners(2).length === 1);
});

it('keeps the claim if the service is scaled up again before the pod is gone', async () => {
  const { web2 } = await running();
  const before = claim(2)?.metadata?.uid;
  world.kubelet = false;
  apply(2);
  await until(() => world.cluster.get('pods', 'web-2')?.metadata.deletionTimestamp !== undefined);
  apply(3);
  world.kubelet = true;
  await until(() => world.healthy() && ![undefined, web2].includes(uidOf(2)));
  expect([claim(2)?.metadata?.uid, owners(2), mark(2)]).toEqual([before, [], undefined]);
});

it('makes no pod on a claim that is given up: a new one is made when it has gone', async () => {
  await running();
  apply(2);
  await until(() => owners(2).length === 1);
  apply(3);
  await until(
    () => world.condition('Degraded')?.message.includes('data-web-2 is being deleted') === true,
  );
  expect(uidOf(2)).toBeUndefined();
  const before = claim(2)?.metadata?.uid;
  collect(2);
  await until(() => world.healthy() && uidOf(2) !== undefined);
  expect(claim(2)?.metadata?.uid).not.toBe(before);
});

it('takes the mark back if another member is deleted by hand, so that none is too many', async () => {
  const { web1, web2 } = await running();
  world.cluster.refuse = (write) => (write === 'DELETE pods/web-2' ? forbidden : undefined);
  apply(2);
  await until(() => mark(2) === web2);
  world.cluster.remove('pods', 'web-1');
  await until(() => mark(2) === undefined && world.healthy());
  expect([uidOf(2), [1, 2].flatMap(owners)]).toEqual([web2, []]);
  expect(uidOf(1)).not.toBe(web1);
});

it('goes on if the pod itself is deleted by hand, and after a restart of the operator', async () => {
  const { web2 } = await running();
  world.cluster.refuse = (write, { metadata }) =>
    write === 'DELETE pods/web-2' || metadata?.ownerReferences !== undefined
      ? forbidden
      : undefined;
  apply(2);
  await until(() => mark(2) === web2);
  world.cluster.remove('pods', 'web-2');
  await until(() => world.condition('Degraded')?.message.includes('give up') === true);
  await world.stopOperator();
  world.cluster.refuse = () => undefined;
  world.startOperator();
  await until(() => owners(2).length > 0);
  expect(owners(2)).toEqual([`Pod ${web2}`]);
});

it('takes the mark back after a restart between the mark and the deletion, if the service was scaled up meanwhile', async () => {
  const { web2 } = await running();
  world.cluster.refuse = (write) => (write === 'DELETE pods/web-2' ? forbidden : undefined);
  apply(2);
  await until(() => mark(2) === web2);
  await world.stopOperator();
  world.cluster.refuse = () => undefined;
  apply(3);
  world.startOperator();
  await until(() => mark(2) === undefined && world.healthy());
  expect([uidOf(2), owners(2)]).toEqual([web2, []]);
});

it('waits with the claim until all other members are well, and says so', async () => {
  await running();
  world.kubelet = false;
  apply(2);
  await until(() => world.cluster.get('pods', 'web-2')?.metadata.deletionTimestamp !== undefined);
  const program = world.programs.get('web-1');
  if (program !== undefined) program.status = 500;
  await until(() => world.status().members?.[1]?.health === 'Unhealthy');
  world.kubelet = true;
  await until(
    () => world.condition('Progressing')?.message.includes('data-web-2 of a member') === true,
  );
  expect(owners(2)).toEqual([]);
  if (program !== undefined) program.status = 200;
  await until(() => owners(2).length === 1);
});

it('never writes to a claim for a pod that is replaced by an update, or deleted by hand', async () => {
  const { web0, web1, web2 } = await running();
  const from = world.cluster.writes.length;
  world.cluster.remove('pods', 'web-2');
  await until(() => world.healthy() && ![undefined, web2].includes(uidOf(2)));
  apply(3, { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } });
  await until(
    () =>
      world.healthy() &&
      ![undefined, web0].includes(uidOf(0)) &&
      ![undefined, web1].includes(uidOf(1)),
  );
  expect(world.writes(from).filter((write) => /(PATCH|DELETE) persistent/.test(write))).toEqual([]);
});
