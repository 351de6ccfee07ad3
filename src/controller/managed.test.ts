import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { completeCondition } from '../api/labels.ts';
import type { Pod } from '../kube/api-types.ts';
import { refusal } from '../kube/testing/fake-api-server.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const states = () =>
  Object.fromEntries([...world.agents].map(([name, { state }]) => [name, state]));
const agent = (name: string) => world.agents.get(name)!;

const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] };
const redis = (more: object = {}) =>
  world.apply('db', { topology: 'LeaderFollower', engine: { type: 'Redis' }, ...claims, ...more });

describe('a service whose members speak the member protocol', () => {
  it('is started: one member leads, the others follow, each with its volume', async () => {
    redis();
    await until(() => world.healthy('db'));
    expect(states()).toEqual({ 'db-0': 'Leading', 'db-1': 'Following', 'db-2': 'Following' });
    expect(world.behind('db')).toEqual(['db-0']);
    const names = world.cluster.list('persistentvolumeclaims').map(({ metadata }) => metadata.name);
    expect(names.sort()).toEqual(['data-db-0', 'data-db-1', 'data-db-2']);
    const before = world.cluster.writes.indexOf('POST persistentvolumeclaims/data-db-0');
    expect(before).toBeLessThan(world.cluster.writes.indexOf('POST pods/db-0'));
  });

  it.each(['Strong', 'Eventual'])('fails over with all its data: %s', async (consistency) => {
    redis({ failover: { consistency } });
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    expect(agent('db-0').write('a')).toBe(true);
    agent('db-0').kill();
    await until(() => world.behind('db').join() === 'db-1');
    expect(agent('db-1')).toMatchObject({ state: 'Leading', values: ['a'] });
    await agent('db-0').restart();
    await until(() => world.healthy('db') && agent('db-0').state === 'Following');
    expect(world.status('db').primary).toBe('db-1');
  });
});

/** After any other slice, kube-proxy would apply the write Service's slice up to a second later. */
it.each(['Strong', 'Eventual'])(
  'a failover writes the slice of the write Service before all others: %s',
  async (consistency) => {
    redis({ failover: { consistency } });
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    await until(() => world.behind('db-read').length === 2);
    const before = world.cluster.writes.length;
    agent('db-0').kill();
    await until(() => world.behind('db-read').join() === 'db-2');
    const slices = world.cluster.writes
      .slice(before)
      .filter((write) => write.includes('endpointslices'));
    expect(slices[0]).toBe('PATCH endpointslices/db-haservice-dev');
  },
);

it('the slices for reads wait if the primary is suspected, but not for long', async () => {
  redis({ failover: { consistency: 'Strong' } });
  await until(() => world.healthy('db') && agent('db-2').report().linked === true);
  await until(() => world.behind('db-read').length === 2);
  for (const name of ['db-0', 'db-1']) agent(name).kill();
  await until(() => world.behind('db-read').length === 0);
  expect(world.condition('FailoverBlocked', 'db')?.status).toBe('True');
});

describe('volume claims', () => {
  it('stay when the pod is deleted, and are used by the next pod of that name', async () => {
    redis({ replicas: 2 });
    await until(() => world.healthy('db'));
    const uid = () => world.cluster.get('persistentvolumeclaims', 'data-db-1')?.metadata.uid;
    const [claim, pod] = [uid(), agent('db-1').uid];
    world.cluster.remove('pods', 'db-1');
    // Its process ends with the pod.
    const another = () => ![undefined, pod].includes(world.agents.get('db-1')?.uid);
    await until(() => another() && world.healthy('db'));
    expect(uid()).toBe(claim);
    expect(agent('db-1').volume.data).toBeDefined();
  });

  it.each([
    ['is being deleted', { deletionTimestamp: '2026-01-01T00:00:00Z' }, {}],
    ['has lost its volume', {}, { status: { phase: 'Lost' } }],
    ['HAService other: rename this HAService', { labels: { 'haservice.dev/name': 'other' } }, {}],
  ])('prevent the creation of the pod if one %s', async (message, metadata, more) => {
    const labels = { 'haservice.dev/name': 'db' };
    world.cluster.put('persistentvolumeclaims', {
      metadata: { name: 'data-db-1', namespace: 'shop', labels, ...metadata },
      ...more,
    });
    redis();
    await until(() => world.condition('Degraded', 'db')?.message.includes(message) === true);
    expect(world.condition('Degraded', 'db')?.message).toContain('PersistentVolumeClaim data-db-1');
    expect(world.cluster.get('pods', 'db-1')).toBeUndefined();
    world.cluster.remove('persistentvolumeclaims', 'data-db-1');
    await until(() => world.healthy('db'));
  });
});

describe('a resource that is deleted and applied again', () => {
  const names = ['db-0', 'db-1', 'db-2'];

  it('waits for the members of its claims, as they may have data', async () => {
    redis({ failover: { consistency: 'Strong' } });
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    expect(agent('db-0').write('a')).toBe(true);
    world.cluster.remove('haservices', 'db');
    for (const kind of ['pods', 'services', 'endpointslices', 'poddisruptionbudgets']) {
      for (const { metadata } of world.cluster.list(kind)) {
        world.cluster.remove(kind, metadata.name ?? '');
      }
    }
    for (const claim of world.cluster.list('persistentvolumeclaims')) {
      const metadata = { ...claim.metadata, creationTimestamp: '2026-01-01T00:00:00Z' };
      world.cluster.put('persistentvolumeclaims', {
        ...claim,
        metadata,
        status: { phase: 'Bound' },
      });
    }
    world.cluster.refuse = (write) =>
      write === 'POST pods/db-1' ? { code: 403, body: refusal(403, 'Forbidden') } : undefined;
    redis({ failover: { consistency: 'Strong' } });
    const message = () => world.condition('FailoverBlocked', 'db')?.message ?? '';
    await until(() => message().includes('db-1 has no pod yet'));
    expect(world.status('db').primary).toBeUndefined();
    world.cluster.refuse = () => undefined;
    await until(() => world.healthy('db'));
    expect(names.map((name) => agent(name).values)).toEqual([['a'], ['a'], ['a']]);
  });
});

it('a readinessProbe of the user stays, and a readiness gate says whether the member has all its data', async () => {
  const readinessProbe = { exec: { command: ['true'] } };
  const template = { spec: { containers: [{ name: 'db', image: 'redis', readinessProbe }] } };
  const gates = () =>
    world.cluster.list('pods').map((pod) => {
      const { spec, status } = pod as Pod;
      expect(spec?.readinessGates).toEqual([{ conditionType: completeCondition }]);
      return status?.conditions?.find(({ type }) => type === completeCondition)?.status;
    });
  redis({ template });
  await until(() => gates().join() === 'True,True,True');
  agent('db-1').state = 'Cloning';
  await until(() => gates().join() === 'True,False,True');
  // Neither a silent member nor the death of its leader says anything about its data.
  agent('db-2').freeze();
  agent('db-0').kill();
  await until(() => world.condition('FailoverBlocked', 'db')?.status === 'True');
  expect(gates()).toEqual(['True', 'False', 'True']);
});

describe('an operator with the role of an earlier version, which may not list volume claims', () => {
  it('begins no data set, says why, and begins when the role was applied', async () => {
    await world.stopOperator();
    world.cluster.forbidden.add('persistentvolumeclaims');
    world.startOperator();
    redis();
    const blocked = () => world.condition('FailoverBlocked', 'db');
    await until(() => blocked()?.reason === 'ClaimsUnknown');
    expect(blocked()?.message).toContain('kubectl apply -f manifests/rbac.yaml');
    await until(() => agent('db-2')?.state === 'Empty');
    expect(world.status('db').primary).toBeUndefined();
    world.cluster.forbidden.clear();
    await vi.waitUntil(() => world.healthy('db'), { timeout: 20_000, interval: 50 });
  }, 30_000);

  it('fails over all the same', async () => {
    redis({ failover: { consistency: 'Strong' } });
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    await world.stopOperator();
    world.cluster.forbidden.add('persistentvolumeclaims');
    world.startOperator();
    agent('db-0').kill();
    await until(() => world.behind('db').join() === 'db-1');
    await agent('db-0').restart();
    await until(() => world.healthy('db') && agent('db-0').state === 'Following');
  });
});

describe('a lease', () => {
  const strong = {
    topology: 'ActivePassive',
    engine: { type: 'HTTP' },
    heartbeat: { interval: '20ms', timeout: '200ms' },
    failover: { consistency: 'Strong', leaseDuration: '1s' },
    template: { spec: { containers: [{ name: 'web', image: 'web', command: ['web'] }] } },
  };

  it('is renewed for a primary that is well', async () => {
    world.apply('web', strong);
    await until(() => world.healthy());
    // More often than the beats of one lease.
    await vi.waitUntil(() => agent('web-0').grants > 80, { timeout: 10_000, interval: 10 });
    expect(agent('web-0').state).toBe('Leading');
    expect(agent('web-1').grants).toBe(0);
    expect(world.status().failovers).toBeUndefined();
  });

  it('must have ended before a silent primary is replaced', async () => {
    world.apply('web', strong);
    await until(() => world.healthy());
    const former = agent('web-0');
    let then: string | undefined;
    agent('web-1').onAcknowledged = (kind) => {
      if (kind === 'promote') then ??= former.state;
    };
    // Its node is cut off, so that nothing can stop it.
    world.kubelet = false;
    former.freeze();
    await until(() => world.behind('web').join() === 'web-1');
    expect(then).toBe('Detached');
    expect(world.status().failovers?.[0]).toMatchObject({
      trigger: 'Silent',
      from: 'web-0',
      fence: expect.stringMatching(/^Lease/),
    });
  });
});
