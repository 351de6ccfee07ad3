import { afterAll, beforeAll, expect, it } from 'vitest';
import { haService } from './manifests.ts';
import { World } from './world.ts';

let world: World;
const name = 'all';
const everybody = [`${name}-0`, `${name}-1`, `${name}-2`];
const others = [`${name}-1`, `${name}-2`];

beforeAll(async () => {
  world = await World.open('e2e-active-active');
  const heartbeat = { interval: '100ms', timeout: '1s' };
  await world.apply(haService(name, { spec: { topology: 'ActiveActive', heartbeat } }));
  await world.until('all members to serve', () => world.behind(name).length === 3);
});
afterAll(() => world.close());

const serve = (pods: string[]) =>
  world.until(`${pods.join()} to serve`, () => world.behind(name).join() === pods.join());

it('has every healthy member in the Service, and no primary', () => {
  expect(world.behind(name)).toEqual(everybody);
  expect(world.status(name).primary).toBeUndefined();
  expect(world.status(name).members?.map(({ role }) => role)).toEqual(Array(3).fill('active'));
});

it('takes an unhealthy member out until it has recovered', async () => {
  await world.misbehave(`${name}-0`, 'unhealthy');
  await serve(others);
  expect(await world.reason(name, 'Degraded', 'MemberUnhealthy')).toMatch(
    /all-0 answers, but wrongly/,
  );
  expect(world.condition(name, 'Ready')?.status).toBe('True');
  await world.misbehave(`${name}-0`, 'none');
  await serve(everybody);
});

it('takes a frozen member out until it runs again', async () => {
  await world.cluster.freeze(world.ref(`${name}-0`));
  await serve(others);
  await world.cluster.thaw(world.ref(`${name}-0`));
  await serve(everybody);
});

it('takes a crashed member out until it runs again', async () => {
  await world.cluster.killContainer(world.ref(`${name}-0`));
  await serve(others);
  await serve(everybody);
});

it('follows kubectl scale', async () => {
  await world.kubectl(['scale', 'haservice', name, '--replicas=5']);
  await world.until('five members to serve', () => world.behind(name).length === 5);
  await world.kubectl(['scale', 'haservice', name, '--replicas=3']);
  await world.until('three members to serve', () => world.behind(name).length === 3);
  await world.until('two to be gone', () => world.members(name).length === 3);
});
