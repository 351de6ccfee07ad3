import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../kube/testing/fake-api-server.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const agent = (name: string) => world.agents.get(name)!;
const names = ['db-0', 'db-1', 'db-2'];
const uids = () => names.map((name) => world.cluster.get('pods', name)?.metadata.uid);
const ownedKinds = ['pods', 'services', 'endpointslices', 'poddisruptionbudgets'];

const redis = (consistency = 'Strong') => {
  const claims = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] };
  const engine = { type: 'Redis' };
  world.apply('db', { topology: 'LeaderFollower', engine, ...claims, failover: { consistency } });
};

/** Somebody, or the garbage collector, removes the owner references of objects. */
function orphan(kind: string, name?: string, without: readonly string[] = []) {
  for (const { metadata, ...rest } of world.cluster.list(kind)) {
    if (name !== undefined && metadata.name !== name) continue;
    const { ownerReferences: _left, labels = {}, ...kept } = metadata;
    const left = Object.entries(labels).filter(([label]) => !without.includes(label));
    world.cluster.put(kind, { ...rest, metadata: { ...kept, labels: Object.fromEntries(left) } });
  }
}

/** As `kubectl delete --cascade=orphan` does. */
function leave(name: string) {
  world.cluster.remove('haservices', name);
  for (const kind of ownedKinds) orphan(kind);
}

/** What the slice of a Service has held since: each list of names once. */
function history(service: string): () => string[] {
  const seen: string[] = [];
  let isOver = false;
  void until(() => {
    const now = world.behind(service).join();
    if (now !== seen.at(-1)) seen.push(now);
    return isOver;
  });
  return () => {
    isOver = true;
    return seen;
  };
}

describe('a resource that is applied again after it was deleted with --cascade=orphan', () => {
  it('takes over the pods, Services and slices', async () => {
    redis();
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    expect(agent('db-0').write('a')).toBe(true);
    const before = uids();
    leave('db');
    redis();
    await until(() => world.status('db').primary === 'db-0' && world.healthy('db'));
    expect(uids()).toEqual(before);
    expect(world.cluster.list('pods')).toHaveLength(3);
    expect(agent('db-0').write('b')).toBe(true);
    expect(agent('db-1').values).toEqual(['a', 'b']);
    const owner = world.cluster.get('haservices', 'db')?.metadata.uid;
    for (const kind of ownedKinds) {
      for (const { metadata } of world.cluster.list(kind)) {
        expect(metadata.ownerReferences).toMatchObject([{ uid: owner, controller: true }]);
      }
    }
  });

  it.each(['Strong', 'Eventual'])(
    'serves the leader all the time, also while a member is not heard: %s',
    async (consistency) => {
      redis(consistency);
      await until(() => world.healthy('db') && agent('db-2').report().linked === true);
      await until(() => world.behind('db-read').length === 2);
      leave('db');
      agent('db-2').freeze();
      const writes = history('db');
      const all = history('db-all');
      redis(consistency);
      await until(() => world.condition('FailoverBlocked', 'db')?.status === 'True');
      expect(world.status('db').primary).toBeUndefined();
      agent('db-2').thaw();
      await until(() => world.status('db').primary === 'db-0' && world.healthy('db'));
      expect(writes()).toEqual(['db-0']);
      // The silent member leaves by its own verdict.
      expect(all()).not.toContain('');
    },
  );

  it('renews the lease of the leader, also while a member is not heard', async () => {
    const failover = { consistency: 'Strong', leaseDuration: '1s', minInterval: '0s' };
    const containers = [{ name: 'web', image: 'web', command: ['web'] }];
    const apply = () => world.apply('web', { template: { spec: { containers } }, failover });
    apply();
    await until(() => world.healthy());
    leave('web');
    agent('web-2').freeze();
    const writes = history('web');
    apply();
    await until(() => world.condition('FailoverBlocked')?.status === 'True');
    // Longer than the lease and all that may be left of an earlier one.
    const grants = agent('web-0').grants;
    await until(() => agent('web-0').grants > grants + 20);
    expect(agent('web-0').state).toBe('Leading');
    agent('web-2').thaw();
    await until(() => world.status().primary === 'web-0' && world.healthy());
    expect(writes()).toEqual(['web-0']);
  });

  it('serves the leader also while its pod cannot be taken over', async () => {
    redis();
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    leave('db');
    let refused = 0;
    world.cluster.refuse = (write) => {
      const isRefused = write === 'PATCH pods/db-0' && refused++ < 3;
      return isRefused ? { code: 500, body: refusal(500, 'InternalError') } : undefined;
    };
    const writes = history('db');
    redis();
    await until(() => world.status('db').primary === 'db-0' && world.healthy('db'));
    expect(refused).toBeGreaterThan(3);
    expect(writes()).toEqual(['db-0']);
  });

  it('serves a leader no longer that was restarted meanwhile', async () => {
    redis();
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    leave('db');
    agent('db-2').freeze();
    agent('db-0').kill();
    await agent('db-0').restart();
    redis();
    await until(() => world.behind('db').length === 0);
    expect(world.status('db').primary).toBeUndefined();
    agent('db-2').thaw();
    await until(() => world.healthy('db'));
    expect(world.behind('db')).toEqual([world.status('db').primary]);
  });

  it('serves a leader no longer if another one leads in a later epoch', async () => {
    redis('Eventual');
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    leave('db');
    agent('db-2').freeze();
    agent('db-1').more = { state: 'Leading', epoch: 7, ledEpoch: 7, leader: undefined };
    redis('Eventual');
    await until(() => world.behind('db').length === 0);
  });
});

describe('a pod that cannot be taken over', () => {
  const refuse = (name: string) => {
    world.cluster.refuse = (write, { metadata }) =>
      write === `PATCH pods/${name}` && 'ownerReferences' in metadata
        ? { code: 403, body: refusal(403, 'Forbidden') }
        : undefined;
  };
  const services = ['web', 'web-read', 'web-all'];

  it.each(['by its owner reference', 'after --cascade=orphan'])(
    'stays behind the Services, and a member that dies does not: ActiveActive, %s',
    async (how) => {
      world.apply('web', { topology: 'ActiveActive' });
      await until(() => world.healthy() && world.behind('web').length === 3);
      refuse('web-0');
      const seen = services.map(history);
      if (how === 'after --cascade=orphan') {
        leave('web');
        world.apply('web', { topology: 'ActiveActive' });
      } else {
        orphan('pods', 'web-0');
      }
      await until(() => world.condition('Degraded')?.message?.includes('web-0') === true);
      world.programs.get('web-1')!.kill();
      await until(() => services.every((name) => world.behind(name).join() === 'web-0,web-2'));
      for (const slice of seen) expect(slice()).toEqual(['web-0,web-1,web-2', 'web-0,web-2']);
    },
  );
});

describe('a primary that has lost its owner reference', () => {
  it.each([
    ['only that', []],
    [
      'and all labels',
      ['haservice.dev/name', 'app.kubernetes.io/managed-by', 'haservice.dev/ordinal'],
    ],
  ])('is taken over, and no failover begins: %s', async (_what, labels) => {
    redis();
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    const { epoch } = world.status('db');
    const before = uids();
    const writes = history('db');
    orphan('pods', 'db-0', labels);
    const owners = () => world.cluster.get('pods', 'db-0')?.metadata.ownerReferences ?? [];
    await until(() => owners().length === 1 && world.healthy('db'));
    expect(world.status('db')).toMatchObject({ primary: 'db-0', epoch });
    expect(world.status('db').failovers ?? []).toEqual([]);
    expect(uids()).toEqual(before);
    expect(writes()).toEqual(['db-0']);
  });

  it('is watched meanwhile, so that its end is a failure as any other', async () => {
    redis();
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    world.cluster.refuse = (write, { metadata }) =>
      write === 'PATCH pods/db-0' && 'ownerReferences' in metadata
        ? { code: 403, body: refusal(403, 'Forbidden') }
        : undefined;
    orphan('pods', 'db-0');
    await until(() => world.condition('Degraded', 'db')?.message?.includes('db-0') === true);
    expect(world.status('db').primary).toBe('db-0');
    agent('db-0').kill();
    await until(() => world.behind('db').join() === 'db-1');
  });
});
