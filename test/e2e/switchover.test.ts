import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseType, database, redis, secret, sql } from './databases.ts';
import { World } from './world.ts';

/** The role is moved on purpose, by a request and by a cordon. */

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-switchover');
  await world.apply(secret());
});
afterAll(() => world.close());

const read = (type: DatabaseType, pod: string) =>
  type === 'Redis'
    ? redis(world, pod, 'lrange', 'log', '0', '-1')
    : sql(world, pod, 'select value from log order by value');

const write = async (type: DatabaseType, pod: string, value: string) => {
  if (type === 'Redis') expect(await redis(world, pod, 'rpush', 'log', value)).toMatch(/^\d+$/);
  else {
    const create = 'create table if not exists log (value text)';
    await sql(world, pod, `${create}; insert into log values ('${value}')`);
  }
};

const ended = (name: string, epoch: number) =>
  world.until(`a change of the primary of ${name} after epoch ${epoch}`, () =>
    world
      .status(name)
      .failovers?.find((record) => record.epoch > epoch && record.outcome === 'Completed'),
  );

const ask = (name: string, target: string) => {
  const value = `${new Date().toISOString()} ${target}`.trim();
  const annotation = `haservice.dev/switchover=${value}`;
  return world.kubectl(['annotate', '--overwrite', 'has', name, annotation]);
};

const healthy = (name: string) =>
  world.until(`${name} to be healthy`, () => world.status(name).phase === 'Healthy');

describe.each([
  ['Redis', 'Strong'],
  ['Postgres', 'Strong'],
  ['Postgres', 'Eventual'],
] as const)('%s, %s', (type, consistency) => {
  const name = `${type}-${consistency}`.toLowerCase();

  it('moves its primary to the member that is asked for, with all writes', async () => {
    // A busy machine is no failure.
    const heartbeat = { interval: '250ms', timeout: '5s' };
    await world.apply(database(name, type, { consistency, spec: { heartbeat } }));
    const { primary, epoch } = await world.settled(name);
    await healthy(name);
    await write(type, primary, 'before');
    const target = `${name}-2`;
    await ask(name, target);
    const record = await ended(name, epoch);
    expect(record).toMatchObject({ trigger: 'Switchover', from: primary, to: target });
    expect(world.behind(name)).toEqual([target]);
    await healthy(name);
    await write(type, target, 'later');
    expect((await read(type, target)).split('\n')).toEqual(['before', 'later']);
    await ask(name, target);
    expect(await world.event(name, 'SwitchoverRefused')).toContain(`${target} leads already`);
    expect(world.status(name).primary).toBe(target);
  });

  it('moves its primary from a node that is cordoned', async () => {
    const { primary, epoch } = await world.settled(name);
    const node = world.pod(primary)?.spec?.nodeName ?? '';
    await world.kubectl(['cordon', node]);
    try {
      const record = await ended(name, epoch);
      expect(record).toMatchObject({ trigger: 'Switchover', from: primary });
      expect(record.evidence).toContain(`its node ${node} is cordoned`);
      await healthy(name);
      expect((await read(type, record.to)).split('\n')).toEqual(['before', 'later']);
    } finally {
      await world.kubectl(['uncordon', node]);
    }
    await world.kubectl(['delete', 'haservice', name]);
  });
});
