import { afterEach, beforeEach, expect, it } from 'vitest';
import { highestEpoch } from '../api/epoch.ts';
import type { Pod } from '../kube/api-types.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const agent = (name: string) => world.agents.get(name)!;
const podOf = (name: string) => world.cluster.get('pods', name) as Pod;

const redis = (consistency: string) =>
  world.apply('db', {
    topology: 'LeaderFollower',
    engine: { type: 'Redis' },
    failover: { consistency },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }],
  });

/** An order of a client that can reach the port of a member, and is not the operator. */
async function fenceAway(name: string, epoch: number): Promise<number> {
  const url = `http://${podOf(name).status?.podIP}:${world.port}/haservice/v1/fence`;
  const body = JSON.stringify({ member: name, epoch });
  return (await fetch(url, { method: 'POST', body })).status;
}

/** What the condition tells the user to do. */
function free(name: string): void {
  agent(name).volume.epoch = 0;
  const { metadata, ...pod } = podOf(name);
  const deletionTimestamp = new Date().toISOString();
  world.cluster.put('pods', { ...pod, metadata: { ...metadata, deletionTimestamp } });
}

const isReported = (name: string) => {
  const { reason, message = '' } = world.condition('Degraded', 'db') ?? {};
  return reason === 'TooHighEpoch' && message.startsWith(`${name} has acknowledged epoch`);
};

it.each(['Strong', 'Eventual'])(
  'a primary that another client has fenced in the highest epoch is replaced, and comes back when its epoch is removed: %s',
  async (consistency) => {
    redis(consistency);
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    agent('db-0').write('a');
    expect(await fenceAway('db-0', highestEpoch + 1)).toBe(409);
    expect(await fenceAway('db-0', highestEpoch)).toBe(200);
    await until(() => world.behind('db').join() === 'db-1' && isReported('db-0'));
    expect(world.status('db')).toMatchObject({
      epoch: 2,
      failovers: [{ trigger: 'TooHighEpoch', from: 'db-0', to: 'db-1' }],
    });
    expect(agent('db-1')).toMatchObject({ state: 'Leading', values: ['a'] });
    free('db-0');
    await until(() => world.healthy('db') && agent('db-0').state === 'Following');
    expect(world.status('db').epoch).toBe(2);
  },
);

it.each(['Strong', 'Eventual'])(
  'a follower that another client has fenced in the highest epoch does not block a failover: %s',
  async (consistency) => {
    redis(consistency);
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    await fenceAway('db-1', highestEpoch);
    await until(() => isReported('db-1'));
    expect(agent('db-0').write('a')).toBe(true);
    agent('db-0').kill();
    await until(() => world.behind('db').join() === 'db-2');
    expect(agent('db-2')).toMatchObject({ state: 'Leading', values: ['a'] });
    await agent('db-0').restart();
    await until(() => agent('db-0').state === 'Following');
    free('db-1');
    await until(() => world.healthy('db'));
  },
);

it('a status with an impossibly high epoch does not stop the service', async () => {
  redis('Strong');
  await until(() => world.healthy('db'));
  await world.stopOperator();
  const db = world.cluster.get('haservices', 'db');
  const status = { ...world.status('db'), epoch: Number.MAX_SAFE_INTEGER };
  world.cluster.put('haservices', { ...db, status });
  world.startOperator();
  await until(() => world.status('db').epoch === 1 && world.healthy('db'));
  agent('db-0').kill();
  await until(() => world.behind('db').join() === 'db-1');
  expect(world.status('db').epoch).toBe(2);
});
