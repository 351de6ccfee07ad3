import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pod } from '../../src/kube/api-types.ts';
import { database, redis, secret, sql } from './databases.ts';
import { haService, memberTemplate } from './manifests.ts';
import { World } from './world.ts';

/** Edits and scales of a live service. */

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-days');
  await world.apply(secret());
});
afterAll(() => world.close());

const scale = (name: string, replicas: number) =>
  world.kubectl(['scale', `haservice/${name}`, `--replicas=${replicas}`]);
const healthy = (name: string) =>
  world.until(`${name} to be healthy`, () => world.status(name).phase === 'Healthy');
const gone = (name: string) =>
  world.until(`all pods of ${name} to be gone`, () => world.members(name).length === 0);
const failedOver = (name: string, epoch: number) =>
  world.until(`a failover of ${name}`, () =>
    world
      .status(name)
      .failovers?.find((record) => record.epoch > epoch && record.outcome === 'Completed'),
  );

it.each(['Redis', 'Postgres'] as const)(
  '%s, Strong: scaled to 0 and back, the member with the newest data starts first and leads',
  async (type) => {
    const name = type.toLowerCase();
    await world.apply(database(name, type));
    const first = await world.settled(name);
    await world.cluster.killContainer(world.ref(first.primary));
    const { to: primary } = await failedOver(name, first.epoch);
    await healthy(name);
    expect(primary).not.toBe(`${name}-0`);
    await scale(name, 1);
    await world.until('one member', () => world.members(name).length === 1);
    await healthy(name);
    const write = {
      Redis: () => redis(world, primary, 'set', 'newest', 'here'),
      Postgres: () => sql(world, primary, "create table newest as select 'here' as value"),
    }[type];
    await write();
    await scale(name, 0);
    await gone(name);
    expect(world.status(name)).toMatchObject({ phase: 'Stopped', primary });
    for (const replicas of [1, 3]) {
      await scale(name, replicas);
      await world.until(`${primary} to lead`, () => world.behind(name).join() === primary);
      await healthy(name);
      const read = {
        Redis: () => redis(world, primary, 'get', 'newest'),
        Postgres: () => sql(world, primary, 'select value from newest'),
      }[type];
      expect(await read()).toBe('here');
    }
    expect(world.status(name).failovers?.[0]).toMatchObject({ trigger: 'Stopped', to: primary });
    expect(world.notes(name, 'FailoverBlocked')).toEqual([]);
  },
);

it('Redis: a copy that was promoted before its log was written does not come back with old data', async () => {
  const name = 'slow';
  const args = ['redis-server', '--rdb-key-save-delay', '5000'];
  const options = { consistency: 'Eventual', args, spec: { replicas: 2 } } as const;
  await world.apply(database(name, 'Redis', options));
  const { primary, epoch } = await world.settled(name);
  const fill = `for i = 1, 3000 do redis.call('SET', 'key' .. i, 'x') end`;
  await redis(world, primary, 'eval', fill, '0');
  const copy = primary === `${name}-0` ? `${name}-1` : `${name}-0`;
  const uid = world.pod(copy)?.metadata?.uid;
  // Its volume is lost: it is made a copy anew, and writes its log for a quarter of a minute after it has the data.
  await world.kubectl(['delete', 'pvc', `data-${copy}`, '--wait=false']);
  await world.kubectl(['delete', 'pod', copy]);
  await world.until(`${copy} to follow again`, () => {
    const member = world.status(name).members?.find(({ pod }) => pod === copy);
    return member?.state === 'Following' && world.pod(copy)?.metadata?.uid !== uid;
  });
  await world.cluster.killContainer(world.ref(primary));
  expect(await failedOver(name, epoch)).toMatchObject({ to: copy });
  await world.eventually(`${primary} to acknowledge`, async () => {
    await redis(world, copy, 'set', 'newest', 'here');
    expect(await redis(world, copy, 'wait', '1', '2000')).toBe('1');
  });
  const before = world.status(name).epoch ?? 0;
  await world.cluster.killContainer(world.ref(copy));
  const next = await failedOver(name, before);
  expect(next.to).toBe(primary);
  expect(await redis(world, next.to, 'dbsize')).toBe('3001');
  await healthy(name);
  expect(await redis(world, copy, 'dbsize')).toBe('3001');
});

it('a restart by annotation replaces every member, and a wrong stamp replaces none and is told', async () => {
  const name = 'restarted';
  await world.apply(haService(name));
  const { epoch } = await world.settled(name);
  const uids = () => world.members(name).map(({ metadata }) => metadata?.uid);
  const old = uids();
  const ask = (stamp: string) =>
    world.kubectl(['annotate', 'has', name, `haservice.dev/restart=${stamp}`, '--overwrite']);
  await ask('2999-01-01T00:00:00Z');
  expect(await world.event(name, 'RestartRefused')).toMatch(/in the future/);
  expect(uids()).toEqual(old);
  await ask(new Date(Date.now() + 1_000).toISOString());
  expect(await world.event(name, 'RestartRequested')).toMatch(/made before/);
  await world.until('all members to be replaced', () => {
    const now = uids();
    return (
      now.length === 3 &&
      now.every((uid) => !old.includes(uid)) &&
      world.status(name).phase === 'Healthy'
    );
  });
  const [record] = world.status(name).failovers ?? [];
  expect(record).toMatchObject({ trigger: 'Switchover', outcome: 'Completed' });
  expect(world.status(name).epoch).toBe(epoch + 1);
});

it('a template that is written in another way, and minZones, restart no pod', async () => {
  const name = 'rewritten';
  const { spec } = memberTemplate();
  const templateWith = (cpu: string) => ({
    spec: {
      ...spec,
      containers: spec.containers.map((each) => ({ ...each, resources: { requests: { cpu } } })),
    },
  });
  await world.apply(haService(name, { spec: { template: templateWith('10m') } }));
  await world.settled(name);
  const made = () => world.members(name).map(({ metadata }) => metadata);
  const before = made();
  const hashes = () =>
    made().map((metadata) => metadata?.annotations?.['haservice.dev/template-hash']);
  const [old] = hashes();
  const placement = { zones: { minZones: 2 } };
  await world.apply(haService(name, { spec: { template: templateWith('0.01'), placement } }));
  // The operator has seen the edit, and found that it means the same.
  await world.until('all pods to be annotated', () => hashes().every((hash) => hash !== old));
  expect(made().map((metadata) => metadata?.uid)).toEqual(before.map((metadata) => metadata?.uid));
  await healthy(name);
});

it('a website that is changed to Strong is replaced member by member, and its primary without an agent ends before another member leads', async () => {
  const name = 'site';
  const { spec } = memberTemplate();
  const command = ['/usr/bin/node', '/app/workload.mjs', 'member'];
  const containers = spec.containers.map((container) => ({ ...container, command }));
  const template = { spec: { ...spec, containers } };
  await world.apply(haService(name, { spec: { template } }));
  const { primary } = await world.settled(name);
  const old = world.members(name).map(({ metadata }) => metadata?.uid);
  const failover = { consistency: 'Strong', leaseDuration: '4s', minInterval: '0s' };
  const patch = JSON.stringify({ spec: { failover } });
  await world.kubectl(['patch', 'haservice', name, '--type=merge', '-p', patch]);
  await world.until('all members to be replaced', () => {
    const now = world.members(name);
    return (
      now.length === 3 &&
      now.every((pod) => !old.includes(pod.metadata?.uid) && hasAgent(pod)) &&
      world.status(name).phase === 'Healthy'
    );
  });
  const records = world.status(name).failovers ?? [];
  expect(records.map(({ from }) => from)).toEqual([primary]);
  expect(records[0]).toMatchObject({ trigger: 'PodGone', outcome: 'Completed' });
  expect(records[0]?.fence).toMatch(/^(Lease|Terminated): /);
  // Its end may take a moment.
  for (const note of world.notes(name, 'FailoverBlocked')) {
    expect(note).toContain(`${primary} was made before it needed a lease`);
    expect(note).toContain('its containers must have ended');
  }
});

const hasAgent = (pod: Pod): boolean =>
  pod.spec?.containers[0]?.env?.some(({ name }) => name === 'HASERVICE_AGENT') === true;

it('Redis: a changed target port reaches the members one by one, and each Service leads to the port on which a member listens', async () => {
  const name = 'moved';
  await world.apply(database(name, 'Redis'));
  const { primary } = await world.settled(name);
  const ip = world.services.get(world.namespace, name)?.spec?.clusterIP ?? '';
  const throughService = (...command: string[]) =>
    redis(world, primary, '-h', ip, '-p', '6379', ...command);
  // The leader counts a follower, and kube-proxy has the endpoint, a moment after the status says Healthy.
  const write = (key: string) =>
    world.eventually(`${key} to be written`, async () => {
      expect(await throughService('set', key, 'here')).toBe('OK');
    });
  await write('before');
  const old = world.members(name).map(({ metadata }) => metadata?.uid);
  const spec = { ports: [{ port: 6379, targetPort: 6380 }] };
  const patch = JSON.stringify({ spec });
  await world.kubectl(['patch', 'haservice', name, '--type=merge', '-p', patch]);

  const pairs = new Set<string>();
  await world.until('all members to be replaced', () => {
    for (const slice of world.slicesOf(name)) {
      for (const { targetRef } of slice.endpoints ?? []) {
        const isOld = old.includes(targetRef?.uid);
        pairs.add(`${isOld ? 'old' : 'new'} at ${slice.ports?.[0]?.port}`);
      }
    }
    const now = world.members(name);
    return (
      now.length === 3 &&
      now.every(({ metadata }) => !old.includes(metadata?.uid)) &&
      world.status(name).phase === 'Healthy'
    );
  });
  expect([...pairs].sort()).toEqual(['new at 6380', 'old at 6379']);
  await write('after');
  expect(await throughService('get', 'before')).toBe('here');
  expect(world.status(name).failovers?.map(({ trigger }) => trigger)).toEqual(['Switchover']);
});
