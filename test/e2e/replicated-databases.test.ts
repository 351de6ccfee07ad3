import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../../src/api/status.ts';
import { type DatabaseType, database, redis, secret, sql } from './databases.ts';
import { World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-replicated-databases');
  await world.apply(secret());
});
afterEach(() => world.cluster.healAll());
afterAll(() => world.close());

/** Waits until the failover that began after `epoch` has ended. */
const ended = (name: string, epoch: number): Promise<FailoverRecord> =>
  world.until(`a failover of ${name} after epoch ${epoch}`, () =>
    world
      .status(name)
      .failovers?.find((record) => record.epoch > epoch && record.outcome === 'Completed'),
  );

/** What a test does to a database. */
const programs = {
  Redis: {
    // A leader refuses writes until a follower has its link, and redis-cli tells that by its answer alone.
    write: (pod: string, value: string) =>
      world.eventually(`${pod} to take ${value}`, async () => {
        expect(await redis(world, pod, 'rpush', 'log', value)).toMatch(/^\d+$/);
      }),
    read: (pod: string) => redis(world, pod, 'lrange', 'log', '0', '-1'),
  },
  Postgres: {
    write: (pod: string, value: string) =>
      sql(
        world,
        pod,
        `create table if not exists log (value text); insert into log values ('${value}')`,
      ),
    read: (pod: string) => sql(world, pod, 'select value from log order by value'),
  },
} satisfies Record<DatabaseType, unknown>;

it('Postgres runs as a user that its image does not know', async () => {
  const name = 'any-user';
  const object = database(name, 'Postgres') as { spec?: { template: { spec: object } } } & object;
  const ids = { runAsUser: 12_345, runAsGroup: 12_345, fsGroup: 12_345 };
  const template = {
    spec: { ...object.spec?.template.spec, securityContext: { runAsNonRoot: true, ...ids } },
  };
  await world.apply(database(name, 'Postgres', { spec: { template } }));
  const { primary } = await world.settled(name);
  await world.until('all to follow', () => world.status(name).phase === 'Healthy');
  const id = ['exec', primary, '-c', 'database', '--', 'id', '-u'];
  expect((await world.kubectl(id)).trim()).toBe('12345');
  await world.kubectl(['delete', 'haservice', name]);
});

describe.each(['Redis', 'Postgres'] as const)('%s, Strong', (type) => {
  const name = type.toLowerCase();
  const { write, read } = programs[type];
  /** What was written, in the order of the alphabet, is all there. */
  const holds = (pod: string, lines: string[]) =>
    world.eventually(`${pod} to hold ${lines.join()}`, async () => {
      expect((await read(pod)).split('\n').sort()).toEqual(lines);
    });
  const states = () =>
    Object.fromEntries(world.status(name).members?.map(({ pod, state }) => [pod, state]) ?? []);

  it('comes up with one leader, and the others follow it', async () => {
    await world.apply(database(name, type));
    const { primary } = await world.settled(name);
    expect(primary).toBe(`${name}-0`);
    await world.until('all to follow', () => world.status(name).phase === 'Healthy');
    expect(states()).toEqual({
      [`${name}-0`]: 'Leading',
      [`${name}-1`]: 'Following',
      [`${name}-2`]: 'Following',
    });
    const set = { members: [`${name}-1`, `${name}-2`], acks: 1 };
    expect(world.status(name).syncSets).toMatchObject([set]);
    await write(primary, 'one');
    for (const pod of Object.keys(states())) await holds(pod, ['one']);
  });

  it('survives SIGKILL of its primary, which comes back as a follower', async () => {
    const before = await world.settled(name);
    await world.cluster.killContainer(world.ref(before.primary));
    const record = await ended(name, before.epoch);
    expect(record).toMatchObject({ from: before.primary, epoch: before.epoch + 1 });
    expect(record.candidates?.find(({ chosen }) => chosen)?.pod).toBe(record.to);
    expect(record.fence).toMatch(/^(Quorum|Acknowledged|Terminated): /);
    expect(world.behind(name)).toEqual([record.to]);
    await write(record.to, 'two');
    await world.until('all to follow', () => world.status(name).phase === 'Healthy');
    for (const pod of Object.keys(states())) await holds(pod, ['one', 'two']);
    // The former primary follows: there is nothing left to fence.
    expect(world.condition(name, 'Fenced')).toMatchObject({ status: 'False' });
  });

  it('survives a frozen primary, which is no second primary after the thaw', async () => {
    const before = await world.settled(name);
    await world.cluster.freeze(world.ref(before.primary));
    const record = await ended(name, before.epoch);
    expect(record).toMatchObject({ from: before.primary, trigger: 'Silent' });
    await write(record.to, 'three');
    await world.cluster.thaw(world.ref(before.primary)).catch(() => {});
    await world.until('all to follow', () => world.status(name).phase === 'Healthy');
    for (const pod of Object.keys(states())) await holds(pod, ['one', 'three', 'two']);
  });

  it('waits while too few followers are up, names the missing ones, and completes when one is back', async () => {
    const before = await world.settled(name);
    const followers = Object.keys(states()).filter((pod) => pod !== before.primary);
    const [frozen = ''] = followers;
    await world.cluster.freeze(world.ref(frozen));
    // One that was primary before is started again at once, and is then seen on its way out.
    await world.until(`${frozen} to be missed`, () =>
      world
        .status(name)
        .members?.some(({ pod, health }) => pod === frozen && /Dead|Terminating/.test(health)),
    );
    await world.cluster.killContainer(world.ref(before.primary));
    // Either the two others are enough when the primary is back, or it waits for the frozen one: it never loses a write.
    await world.cluster.thaw(world.ref(frozen)).catch(() => {});
    await ended(name, before.epoch);
    const { primary } = await world.settled(name);
    await world.until('all to follow', () => world.status(name).phase === 'Healthy');
    await holds(primary, ['one', 'three', 'two']);
  });
});
