import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../../src/api/status.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { operatorPods } from '../framework/operator.ts';
import { haService, memberTemplate } from './manifests.ts';
import { World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await World.open('e2e-leased');
});
afterEach(() => world.cluster.healAll());
afterAll(() => world.close());

const name = 'leased';

/** A website without replication, Strong: its primary needs time that the operator grants. */
function leased(): KubeObject {
  const template = memberTemplate();
  const [member] = template.spec.containers;
  const command = ['/usr/bin/node', '/app/workload.mjs', 'member'];
  return haService(name, {
    spec: {
      heartbeat: { interval: '100ms', timeout: '1s' },
      failover: { consistency: 'Strong', leaseDuration: '4s', minInterval: '0s' },
      template: { spec: { ...template.spec, containers: [{ ...member, command }] } },
    },
  });
}

const ended = (epoch: number): Promise<FailoverRecord> =>
  world.until(`a failover after epoch ${epoch}`, () =>
    world
      .status(name)
      .failovers?.find((record) => record.epoch > epoch && record.outcome === 'Completed'),
  );
const restarts = (pod: string): number =>
  world.pod(pod)?.status?.containerStatuses?.[0]?.restartCount ?? 0;

describe('a primary with a lease', () => {
  it('is replaced at once if its process has ended', async () => {
    await world.apply(leased());
    const before = await world.settled(name);
    await world.cluster.killContainer(world.ref(before.primary));
    const record = await ended(before.epoch);
    expect(record).toMatchObject({ from: before.primary, trigger: 'Crash' });
    expect(record.fence).toMatch(/^Terminated: /);
  });

  it('ends by itself if it is cut off from the operator but not from its clients, and is replaced only then', async () => {
    const before = await world.settled(name);
    const restartsBefore = restarts(before.primary);
    const [operator] = await operatorPods(world.api, AbortSignal.timeout(10_000));
    const own = operator?.status?.podIP ?? '';
    await world.cluster.cutAddresses(own, world.pod(before.primary)?.status?.podIP ?? '');
    const reason = await world.reason(name, 'FailoverBlocked', 'LeaseNotExpired');
    expect(reason).toContain(before.primary);
    // It may still answer while the lease runs, and nobody else leads.
    expect(world.status(name).primary).toBe(before.primary);
    const record = await ended(before.epoch);
    expect(record).toMatchObject({ from: before.primary, trigger: 'Silent' });
    // It has ended itself by then, and the kubelet may say so before the operator's own clock does.
    expect(record.fence).toMatch(/^(Lease|Terminated): /);
    await world.until(
      'the old program to have been ended',
      () => restarts(before.primary) > restartsBefore || world.pod(before.primary) === undefined,
    );
    await world.cluster.healAll();
    await world.until('all to be well', () => world.status(name).phase === 'Healthy');
    expect(world.status(name).primary).toBe(record.to);
  });
});
