import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Lease } from '../kube/api-types.ts';
import { KubeClient } from '../kube/client.ts';
import { systemClock } from '../lib/clock.ts';
import { silentLog } from '../lib/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Operator } from './operator.ts';
import { World } from './testing/world.ts';

let world: World;
let stop: AbortController;
let standby: Promise<void>;
let client: KubeClient;
const metrics = new Metrics();

const holder = () =>
  (world.cluster.list('leases')[0] as Lease | undefined)?.spec?.holderIdentity ?? '';
const until = (isSo: () => boolean) => world.cluster.until(isSo);
const isActive = async () => (await metrics.expose()).text.includes('haservice_operator_active 1');

beforeEach(async () => {
  world = await World.start();
  await until(() => holder().startsWith('test_'));
  stop = new AbortController();
  client = KubeClient.fromKubeConfig(world.cluster.api.config());
  const operator = new Operator({
    ...{ client, clock: systemClock, random: Math.random, log: silentLog, metrics },
    ...{ nodeName: undefined, instance: 'standby', namespace: 'system', agentImage: 'operator' },
    watchNamespaces: undefined,
    onOtherNamespaces: () => {},
    onLost: () => stop.abort(),
  });
  standby = operator.run(stop.signal);
});
afterEach(async () => {
  stop.abort();
  await standby;
  await client.close();
  await world.close();
});

it('a standby writes nothing; if the active one hands over, it acts at once, and fails over at once', async () => {
  world.apply('web', { failover: { minInterval: '0s' } });
  await until(() => world.healthy());
  expect(await isActive()).toBe(false);
  const writes = world.writes().length;
  await world.stopOperator();
  await until(() => holder().startsWith('standby_'));
  await vi.waitFor(async () => expect(await isActive()).toBe(true));
  expect(world.writes().slice(writes)).toEqual([]);
  world.programs.get(world.status().primary ?? '')?.kill();
  await until(() => world.status().primary === 'web-1' && world.behind('web')[0] === 'web-1');
  expect(world.status()).toMatchObject({ epoch: 2 });
});

it('of a service with a lease, the status names the operator that grants; the next one grants under its own name', async () => {
  const containers = [{ name: 'web', image: 'web', command: ['serve'] }];
  world.apply('web', { template: { spec: { containers } }, failover: { consistency: 'Strong' } });
  await until(() => world.healthy());
  expect(world.status().grantedBy).toBe(holder());
  const { primary, epoch } = world.status();
  const agent = world.agents.get(primary ?? '');
  await until(() => (agent?.grants ?? 0) > 1);
  await world.stopOperator();
  await until(() => holder().startsWith('standby_') && world.status().grantedBy === holder());
  await until(() => world.healthy());
  expect(world.status()).toMatchObject({ primary, epoch });
});

it('a member that hangs does not keep the next operator from granting a lease to the primary', async () => {
  const containers = [{ name: 'web', image: 'web', command: ['serve'] }];
  const heartbeat = { interval: '100ms', timeout: '60s' };
  const failover = { consistency: 'Strong', leaseDuration: '90s' };
  world.apply('web', { template: { spec: { containers } }, heartbeat, failover });
  await until(() => world.healthy());
  const { primary = '' } = world.status();
  const hung = ['web-0', 'web-1'].find((name) => name !== primary) ?? '';
  // The standby must have heard it.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  world.agents.get(hung)?.freeze();
  await world.stopOperator();
  const { grants = 0 } = world.agents.get(primary) ?? {};
  await until(() => world.status().grantedBy?.startsWith('standby_') === true);
  await vi.waitFor(() => expect(world.agents.get(primary)?.grants).toBeGreaterThan(grants));
  world.agents.get(hung)?.kill();
});
