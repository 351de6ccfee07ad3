import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorPod } from '../framework/operator.ts';
import { haService } from './manifests.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open('e2e-zone');
});
afterAll(() => world.close());

const name = 'spread';
const zones = () => (world.status(name).members ?? []).map(({ zone }) => zone).sort();

it('survives the loss of a zone, and spreads again when the zone is back, standbys first', async () => {
  await world.apply(haService(name));
  const before = await world.settled(name);
  expect(zones()).toEqual(['zone-a', 'zone-b', 'zone-c']);

  // Not the operator's own zone, and not the primary's: what is lost is a standby.
  const { node } = await operatorPod(world.api, AbortSignal.timeout(10_000));
  const lost = before.members?.find((member) => member.role === 'standby' && member.node !== node);
  const zone = lost?.zone ?? '';
  await world.cluster.loseZone(zone);
  const healthy = () =>
    (world.status(name).members ?? []).filter(({ health }) => health === 'Healthy');
  await world.until('the lost one to be missed', () => healthy().length === 2);
  // Kubernetes gives a silent node up after 50 s, and the pod tolerates that for 5 s.
  await world.until('another member in its place', () => healthy().length === 3, 170_000);
  expect(healthy().map((member) => member.zone)).not.toContain(zone);
  expect(world.status(name)).toMatchObject({ primary: before.primary, epoch: before.epoch });

  await world.cluster.restoreZone(zone);
  await world.until(
    'a member in each zone again',
    () => zones().join() === 'zone-a,zone-b,zone-c' && world.status(name).readyReplicas === 3,
    170_000,
  );
  expect(await world.settled(name)).toMatchObject({ primary: before.primary, epoch: before.epoch });
}, 400_000);
