import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../../src/api/status.ts';
import { operatorAvailable, operatorNamespace, operatorPod } from '../framework/operator.ts';
import { haService, withHooks } from './manifests.ts';
import { Traffic } from './traffic.ts';
import { World } from './world.ts';

let world: World;
/** The operator's own node is never cut: its availability is another matter. */
let operatorNode: string;

beforeAll(async () => {
  world = await World.open('e2e-failover');
  ({ node: operatorNode } = await operatorPod(world.api, AbortSignal.timeout(10_000)));
});
afterEach(() => world.cluster.healAll());
afterAll(() => world.close());

const heartbeat = { interval: '100ms', timeout: '1s' };

/** Waits until the failover of this epoch has ended. */
const ended = (name: string, epoch: number): Promise<FailoverRecord> =>
  world.until(`the failover of ${name} in epoch ${epoch}`, () =>
    world
      .status(name)
      .failovers?.find((record) => record.epoch === epoch && record.outcome === 'Completed'),
  );

/** Every member that knows its role agrees with the status. */
async function expectRoles(name: string, primary: string): Promise<void> {
  for (const { metadata } of world.members(name)) {
    const pod = metadata?.name ?? '';
    const expected = pod === primary ? 'primary' : 'standby';
    expect((await world.whoami(pod)).role, pod).toBe(expected);
    expect(metadata?.labels?.['haservice.dev/role'], pod).toBe(expected);
  }
}

const restarts = (pod: string): number =>
  world.pod(pod)?.status?.containerStatuses?.[0]?.restartCount ?? 0;

describe('a primary whose', () => {
  it.each([
    [
      'process is killed',
      'crash',
      'Crash',
      (pod: string) => world.cluster.killContainer(world.ref(pod)),
    ],
    ['process is frozen', 'hang', 'Silent', (pod: string) => world.cluster.freeze(world.ref(pod))],
    [
      'pod is deleted by force',
      'force',
      'PodGone',
      async (pod: string) => {
        await world.kubectl(['delete', 'pod', pod, '--force', '--grace-period=0', '--wait=false']);
      },
    ],
    [
      'node is cut off',
      'node-lost',
      'Silent',
      (pod: string) => world.cluster.cut(world.pod(pod)?.spec?.nodeName ?? ''),
    ],
  ])('%s is replaced by a standby', async (_, name, trigger, inject) => {
    const { spec, env } = withHooks;
    await world.apply(haService(name, { env: env ?? {}, spec: { ...spec, heartbeat } }));
    const before = await world.settled(name);
    const traffic = await Traffic.start(world, name, operatorNode);
    await traffic.until(({ k, ok, who }) => k === 'new' && ok && who === before.primary);
    await inject(before.primary);

    const record = await ended(name, before.epoch + 1);
    expect(record).toMatchObject({ from: before.primary, trigger });
    expect(record.to).not.toBe(before.primary);
    for (const phase of ['electMs', 'promoteMs', 'repointMs', 'totalMs'] as const) {
      expect(record[phase], phase).toBeGreaterThanOrEqual(0);
    }
    expect(world.behind(name)).toEqual([record.to]);
    expect(world.behind(`${name}-read`)).not.toContain(record.to);
    expect(await world.event(name, 'FailoverStarted')).toContain(record.to);
    expect(await world.event(name, 'FailoverCompleted')).toContain('epoch 2');
    await traffic.until(({ ok, who }) => ok && who === record.to);

    // The old one comes back, and not as what it was.
    await world.cluster.healAll();
    const after = await world.settled(name);
    expect(after).toMatchObject({ primary: record.to, epoch: before.epoch + 1 });
    await traffic.until(({ k, ok }) => k === 'kept' && ok);
    traffic.stop();
    await expectRoles(name, record.to);
    // A client never went back to the old one after it had heard the new one.
    expect(traffic.answerers()).toEqual([before.primary, record.to]);
  });
});

describe('a failover', () => {
  it('works for a program that is probed over TCP, too', async () => {
    const name = 'by-tcp';
    const engine = { type: 'TCP', port: 9090, tcp: { send: 'PING\n', expect: 'PONG' } };
    const phi = { ...heartbeat, detector: 'PhiAccrual' };
    await world.apply(haService(name, { spec: { engine, heartbeat: phi } }));
    const first = await world.settled(name);
    await world.cluster.killContainer(world.ref(first.primary));
    expect(await ended(name, first.epoch + 1)).toMatchObject({ trigger: 'Crash' });
    const second = await world.settled(name);
    await world.cluster.freeze(world.ref(second.primary));
    expect(await ended(name, second.epoch + 1)).toMatchObject({ trigger: 'Silent' });
    const third = await world.settled(name);
    await world.misbehave(third.primary, 'unhealthy');
    expect(await ended(name, third.epoch + 1)).toMatchObject({ trigger: 'Unhealthy' });
  });

  it('waits if failover.automatic is false, and says what to do', async () => {
    const name = 'manual';
    const failover = { automatic: false };
    await world.apply(haService(name, { spec: { failover, heartbeat } }));
    const { primary, epoch } = await world.settled(name);
    await world.cluster.freeze(world.ref(primary));
    const message = await world.reason(name, 'FailoverBlocked', 'AutomaticFailoverDisabled');
    expect(message).toMatch(/failover.automatic is false: repair/);
    expect(await world.event(name, 'FailoverBlocked')).toBe(message);
    await world.kubectl([
      ...['patch', 'haservice', name, '--type=merge'],
      ...['-p', '{"spec":{"failover":{"automatic":true}}}'],
    ]);
    expect((await ended(name, epoch + 1)).from).toBe(primary);
  });

  it('is blocked with a reason if no member can take over', async () => {
    const name = 'alone';
    await world.apply(haService(name, { spec: { replicas: 1, heartbeat } }));
    const { primary } = await world.settled(name);
    await world.cluster.freeze(world.ref(primary));
    const message = await world.reason(name, 'FailoverBlocked', 'NoCandidate');
    expect(message).toMatch(/no member can take over/);
    expect(world.status(name).phase).toBe('Unavailable');
    await world.cluster.thaw(world.ref(primary));
    expect((await world.settled(name)).primary).toBe(primary);
  });

  it('completes after an outage of the API server', async () => {
    const name = 'no-api';
    await world.apply(haService(name, { spec: { heartbeat } }));
    const { primary, epoch } = await world.settled(name);
    await world.cluster.stopComponent('kube-apiserver');
    await world.cluster.freeze(world.ref(primary));
    await world.cluster.startComponent('kube-apiserver');
    const record = await ended(name, epoch + 1);
    expect(record).toMatchObject({ from: primary, trigger: 'Silent' });
    await world.settled(name);
  });

  it.each([0, 10, 20, 40, 80])(
    'completes if the operator is killed %i ms after the primary',
    async (delayMs) => {
      const name = `killed-${delayMs}`;
      const { spec, env } = withHooks;
      await world.apply(haService(name, { env: env ?? {}, spec: { ...spec, heartbeat } }));
      const before = await world.settled(name);
      const operator = await operatorPod(world.api, AbortSignal.timeout(10_000));
      await world.cluster.killContainer(world.ref(before.primary));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await world.cluster.killContainer({ namespace: operatorNamespace, name: operator.name });
      // A new pod starts at once; the same pod would be restarted with a growing backoff.
      await world.cluster.runKubectl([
        ...['delete', 'pod', operator.name, '--namespace', operatorNamespace],
        ...['--force', '--grace-period=0'],
      ]);
      // The old primary's container comes back too: whoever is primary then, there is one, and all agree.
      await world.until('the old primary to be started again', () => restarts(before.primary) > 0);
      await operatorAvailable(world.cluster);
      await world.eventually('every member to know its role', async () => {
        await expectRoles(name, world.status(name).primary ?? '');
      });
      const after = await world.settled(name);
      expect(after.epoch - before.epoch).toBe(after.primary === before.primary ? 0 : 1);
      await expectRoles(name, after.primary);
    },
  );
});
