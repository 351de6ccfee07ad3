import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const told = (name: string) => world.condition('Ready', name)?.message ?? '';
const ownerOf = (service: string) =>
  world.cluster.get('services', service)?.metadata.ownerReferences?.[0]?.name;

describe('two HAServices that need one Service', () => {
  beforeEach(async () => {
    world.apply('web');
    await until(() => world.healthy());
    world.apply('web-read', { replicas: 1 });
    await until(() => world.condition('Ready', 'web-read')?.reason === 'ServiceNameConflict');
  });

  it('the newer one is told to take another name, and not to delete the Service of the older one', () => {
    expect(told('web-read')).toMatch(/Service web-read belongs to HAService web .*: rename this/);
    expect(told('web-read')).not.toContain('delete');
  });

  it('the older one keeps the name if somebody deletes the Service, also while it cannot be made again', async () => {
    let isRefused = false;
    world.cluster.refuse = (write) =>
      isRefused && write === 'POST services/web-read' ? { code: 500, body: {} } : undefined;
    isRefused = true;
    const before = world.cluster.writes.length;
    world.cluster.remove('services', 'web-read');
    await until(() => world.writes(before).includes('POST services/web-read'));
    isRefused = false;
    await until(() => ownerOf('web-read') === 'web' && world.healthy());
    expect(world.condition('Ready', 'web-read')?.reason).toBe('ServiceNameConflict');
    expect(told('web-read')).toContain('belongs to HAService web');
  });

  it('the newer one gets the name when the older one goes, and not before, also if there is no Service', async () => {
    world.apply('web', { paused: true });
    await until(() => world.status().phase === 'Paused');
    for (const plural of ['services', 'endpointslices', 'poddisruptionbudgets', 'pods']) {
      for (const { metadata } of world.cluster.list(plural)) {
        const isOfWeb = metadata.ownerReferences?.[0]?.name === 'web';
        if (isOfWeb) world.cluster.remove(plural, metadata.name ?? '');
      }
    }
    await until(() => world.status().ready === '0/3');
    expect(ownerOf('web-read')).toBeUndefined();
    world.cluster.remove('haservices', 'web');
    await until(() => world.healthy('web-read'));
    expect(ownerOf('web-read')).toBe('web-read');
  });
});

it('an older HAService whose name a newer one has taken is told to rename that one', async () => {
  world.apply('web-read', { replicas: 1 });
  await until(() => world.healthy('web-read'));
  const old = new Date(Date.now() - 60_000).toISOString();
  world.cluster.put('haservices', {
    ...world.cluster.get('haservices', 'web-read'),
    metadata: { name: 'web', namespace: 'shop', generation: 1, creationTimestamp: old },
    status: {},
  });
  await until(() => world.condition('Ready')?.reason === 'ServiceNameConflict');
  expect(told('web')).toMatch(/: rename HAService web-read, which is newer$/);
});

it.each([
  ['Deployment other', [{ kind: 'Deployment', name: 'other', uid: 'x', controller: true }], false],
  ['somebody else', [], true],
])(
  'a budget and a pod of %s are to be deleted only if nobody makes them again',
  async (_owner, ownerReferences, isAdvised) => {
    const metadata = { namespace: 'shop', ownerReferences };
    world.cluster.put('poddisruptionbudgets', { metadata: { ...metadata, name: 'web' }, spec: {} });
    const labels = { 'haservice.dev/name': 'web' };
    const spec = { containers: [{ name: 'web', image: 'web' }] };
    world.cluster.put('pods', { metadata: { ...metadata, name: 'web-x', labels }, spec });
    world.apply('web');
    const degraded = () => world.condition('Degraded')?.message ?? '';
    await until(() =>
      /PodDisruptionBudget.*ForeignPod|pod web-x.*PodDisruptionBudget/s.test(degraded()),
    );
    expect(degraded().includes('rename this HAService, or delete that PodDisruptionBudget')).toBe(
      isAdvised,
    );
    expect(degraded().includes('takes no traffic; delete it')).toBe(isAdvised);
  },
);
