import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { database, redis, secret, sql } from './databases.ts';
import { World } from './world.ts';

/** Data outlive the resource, and are found again. */

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-data');
  await world.apply(secret());
});
afterAll(() => world.close());

const uids = (name: string) => world.members(name).map(({ metadata }) => metadata?.uid);
const healthy = (name: string) =>
  world.until(`${name} to be healthy`, () => world.status(name).phase === 'Healthy');
const gone = (name: string) =>
  world.until(`${name} to be gone`, () => world.resource(name) === undefined);

it('Redis: pods that were left (--cascade=orphan) are taken over by the next resource of that name, without a restart', async () => {
  const name = 'left';
  const object = database(name, 'Redis');
  await world.apply(object);
  const { primary } = await world.settled(name);
  await redis(world, primary, 'set', 'key', 'here');
  const before = uids(name);
  await world.kubectl(['delete', 'haservice', name, '--cascade=orphan']);
  await gone(name);
  await world.until('all pods to have no owner', () =>
    world.members(name).every(({ metadata }) => (metadata?.ownerReferences ?? []).length === 0),
  );
  await world.apply(object);
  await healthy(name);
  expect(world.status(name).primary).toBe(primary);
  expect(uids(name).sort()).toEqual(before.sort());
  expect(await redis(world, primary, 'get', 'key')).toBe('here');
  await world.until(
    'the Service to lead to the primary',
    () => world.behind(name).join() === primary,
  );
});

it('Postgres: deleted and applied again, no member leads before the one with the newest data is back, however long its volume takes', async () => {
  const name = 'again';
  const object = database(name, 'Postgres');
  await world.apply(object);
  const { primary } = await world.settled(name);
  const node = world.pod(primary)?.spec?.nodeName ?? '';
  await sql(world, primary, "create table newest as select 'here' as value");
  await world.kubectl(['delete', 'haservice', name]);
  await gone(name);
  await world.until('all pods to be gone', () => world.members(name).length === 0);
  await world.kubectl(['cordon', node]);
  try {
    await world.apply(object);
    await world.until(`${primary} to be waited for`, () => {
      const { status, message } = world.condition(name, 'FailoverBlocked') ?? {};
      return status === 'True' && message?.includes(primary);
    });
    expect(world.status(name).primary).toBeUndefined();
  } finally {
    await world.kubectl(['uncordon', node]);
  }
  await healthy(name);
  const leader = world.status(name).primary ?? '';
  expect(await sql(world, leader, 'select value from newest')).toBe('here');
});

it('Redis: the data of a StatefulSet are gone on with, as docs/data.md describes', async () => {
  const name = 'moving';
  await world.apply(statefulSet(name));
  await world.until(
    'the pod of the StatefulSet',
    () => world.pod(`${name}-0`)?.status?.phase === 'Running',
  );
  const ask = (...command: string[]) =>
    world.kubectl(['exec', `${name}-0`, '-c', 'database', '--', 'redis-cli', ...command]);
  await world.eventually('a write', async () => {
    expect((await ask('set', 'key', 'here')).trim()).toBe('OK');
  });
  await world.kubectl(['scale', `statefulset/${name}`, '--replicas=0']);
  await world.until('its pod to be gone', () => world.pod(`${name}-0`) === undefined);
  await world.kubectl(['label', 'pvc', `data-${name}-0`, `haservice.dev/name=${name}`]);
  await world.kubectl(['delete', `statefulset/${name}`]);
  await world.apply(database(name, 'Redis'));
  await healthy(name);
  expect(world.status(name).primary).toBe(`${name}-0`);
  for (const ordinal of [0, 1, 2]) {
    expect(await redis(world, `${name}-${ordinal}`, 'get', 'key')).toBe('here');
  }
});

it('Postgres, whenScaled: Delete: the claim of a member that is scaled away goes after its pod, and no other does', async () => {
  const name = 'shrinking';
  const scaled = (replicas: number) =>
    database(name, 'Postgres', {
      spec: { replicas, volumeClaimRetentionPolicy: { whenScaled: 'Delete' } },
    });
  const claims = async () => {
    const selector = `--selector=haservice.dev/name=${name}`;
    const shown = await world.kubectl(['get', 'pvc', selector, '-o', 'name']);
    return shown.trim().split('\n').sort();
  };
  const claimOf = (pod: string) => `persistentvolumeclaim/data-${pod}`;
  await world.apply(scaled(3));
  const { primary } = await world.settled(name);
  await healthy(name);
  await sql(world, primary, "create table kept as select 'here' as value");
  const all = await claims();
  expect(all).toHaveLength(3);
  // The cluster of the tests has the admission plugin, as OpenShift has.
  const right = join(import.meta.dirname, '../../examples/delete-claims.yaml');
  onTestFinished(async () => {
    await world.kubectl(['delete', '-f', right, '--ignore-not-found']);
  });
  await world.apply(scaled(2));
  await world.until('one member to be gone', () => world.members(name).length === 2);
  const told = await world.reason(name, 'Degraded', 'WriteRefused');
  expect(told).toContain('kubectl apply -f examples/delete-claims.yaml');
  expect(await claims()).toEqual(all);
  await world.kubectl(['apply', '-f', right]);
  await world.eventually('its claim to be gone', async () => {
    expect(await claims()).toEqual(
      world
        .members(name)
        .map(({ metadata }) => claimOf(metadata?.name ?? ''))
        .sort(),
    );
  });
  await world.apply(scaled(3));
  await healthy(name);
  expect(await claims()).toEqual(all);
  expect(await sql(world, world.status(name).primary ?? '', 'select value from kept')).toBe('here');
});

/** One Redis, as a user may have it today. */
function statefulSet(name: string): KubeObject {
  const { spec } = database(name, 'Redis') as unknown as {
    spec: {
      template: { spec: { containers: object[] } };
      volumeClaimTemplates: object[];
    };
  };
  const [container] = spec.template.spec.containers;
  const command = ['redis-server', '--appendonly', 'yes', '--dir', '/data', '--bind', '0.0.0.0'];
  const containers = [{ ...container, command: [...command, '--protected-mode', 'no'], args: [] }];
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { ...spec.template.spec, containers } },
      volumeClaimTemplates: spec.volumeClaimTemplates,
    },
  } as KubeObject;
}
