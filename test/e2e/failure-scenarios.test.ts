import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { database, redis, secret } from './databases.ts';
import { World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-failure-scenarios');
  await world.apply(secret());
});
afterEach(() => world.cluster.healAll());
afterAll(() => world.close());

/** Every member is in its role. */
const whole = async (name: string) => {
  await world.until(`${name} to be whole`, () => world.status(name).phase === 'Healthy');
  return world.settled(name);
};
const remove = (name: string) => world.kubectl(['delete', 'has', name, '--wait']);
const valueOf = (pod: string) => redis(world, pod, 'get', 'key');

it('a missing Secret is named, and the service starts as soon as the Secret is there', async () => {
  const engine = { passwordSecret: { name: 'forgotten' } };
  await world.apply(database('secretless', 'Redis', { engine, volumes: false }));
  expect(await world.reason('secretless', 'Degraded', 'PasswordMissing')).toContain(
    'kubectl create secret generic forgotten --from-literal=password=PASSWORD',
  );
  await world.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'forgotten' },
    stringData: { password: 'late' },
  } as KubeObject);
  // The kubelet brings a Secret to a running pod when it syncs the pod the next time: within 90 s, and the time of its cache.
  const isHealthy = () => world.status('secretless').phase === 'Healthy';
  await world.until('secretless to be healthy', isHealthy, 180_000);
  await whole('secretless');
  await remove('secretless');
}, 360_000);

it('a single member restarts with its data, and no other member is promoted', async () => {
  await world.apply(database('single', 'Redis', { spec: { replicas: 1 } }));
  const before = await whole('single');
  await redis(world, before.primary, 'set', 'key', 'kept');
  await world.cluster.killContainer(world.ref(before.primary));
  await world.until('another epoch', () => (world.status('single').epoch ?? 0) > before.epoch);
  const after = await whole('single');
  expect(after.primary).toBe(before.primary);
  expect(await valueOf(after.primary)).toBe('kept');
  await remove('single');
});

it('after all members were down at once, every write is there', async () => {
  await world.apply(database('dark', 'Redis'));
  const before = await whole('dark');
  await redis(world, before.primary, 'set', 'key', 'kept');
  await redis(world, before.primary, 'wait', '1', '5000');
  await Promise.all(
    ['dark-0', 'dark-1', 'dark-2'].map((pod) => world.cluster.killContainer(world.ref(pod))),
  );
  await world.until('another epoch', () => (world.status('dark').epoch ?? 0) > before.epoch);
  const { primary } = await whole('dark');
  expect(await valueOf(primary)).toBe('kept');
});

it('a primary that answers the operator, but has lost its followers, is replaced', async () => {
  const before = await whole('dark');
  const address = (pod: string) => world.pod(pod)?.status?.podIP ?? '';
  const followers = ['dark-0', 'dark-1', 'dark-2'].filter((pod) => pod !== before.primary);
  for (const pod of followers) {
    await world.cluster.cutAddresses(address(before.primary), address(pod));
  }
  const { to } = await world.until('a failover', () =>
    world
      .status('dark')
      .failovers?.find(({ trigger, outcome }) => trigger === 'Isolated' && outcome === 'Completed'),
  );
  expect(followers).toContain(to);
  // Again a follower has each write.
  await world.eventually('writes to be taken', async () => {
    expect(await redis(world, to, 'set', 'key', 'kept')).toBe('OK');
  });
  await world.cluster.healAll();
  await whole('dark');
  expect(await valueOf(before.primary)).toBe('kept');
});

it('a member with a wrong password reports it, and the others go on', async () => {
  const before = await whole('dark');
  const follower = ['dark-0', 'dark-1', 'dark-2'].find((pod) => pod !== before.primary) ?? '';
  await world.apply({ ...secret(), stringData: { password: 'wrong' } } as KubeObject);
  await world.kubectl(['delete', 'pod', follower, '--wait']);
  expect(await world.reason('dark', 'Degraded', 'WrongPassword')).toContain(follower);
  expect(world.status('dark').primary).toBe(before.primary);
  expect(await valueOf(before.primary)).toBe('kept');
  await world.apply(secret());
  await world.kubectl(['delete', 'pod', follower, '--wait']);
  await whole('dark');
  await remove('dark');
});

it('a member with a lost volume is cloned from the leader, and never leads empty', async () => {
  const container = { readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 } };
  await world.apply(database('lost', 'Redis', { volumes: false, container }));
  const before = await whole('lost');
  // The probe is the user's own; the operator says beside it that the member has all its data.
  const ready = ['Ready', 'haservice.dev/Complete'].map((condition) =>
    world.kubectl(
      ['wait', 'pods', '-l', 'haservice.dev/name=lost'].concat(`--for=condition=${condition}`),
    ),
  );
  await Promise.all(ready);
  await redis(world, before.primary, 'set', 'key', 'kept');
  await redis(world, before.primary, 'wait', '2', '5000');
  await world.kubectl(['delete', 'pod', before.primary, '--force', '--grace-period=0']);
  await world.until('another epoch', () => (world.status('lost').epoch ?? 0) > before.epoch);
  const after = await whole('lost');
  expect(after.primary).not.toBe(before.primary);
  await world.eventually('the new member to have the data', async () => {
    expect(await valueOf(before.primary)).toBe('kept');
  });
  await remove('lost');
});
