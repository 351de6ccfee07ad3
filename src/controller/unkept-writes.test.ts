import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Status } from '../api/status.ts';
import type { PersistentVolumeClaim } from '../kube/api-types.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const degraded = () =>
  (world.cluster.get('haservices', 'web')?.status as Status | undefined)?.conditions?.find(
    ({ type }) => type === 'Degraded',
  );

/** Writes to objects of these kinds so far. */
const writesTo = (kind: string) =>
  world.cluster.writes.filter((write) => write.startsWith(`PATCH ${kind}/`)).length;

it.each([
  ['services', 'labels', 'team'],
  ['endpointslices', 'labels', 'team'],
  ['pods', 'labels', 'team'],
  ['pods', 'annotations', 'haservice.dev/template-meaning'],
] as const)(
  'an admission webhook that changes %s each time causes neither endless writes nor an old status (%s %s)',
  async (kind, field, name) => {
    let time = 0;
    world.cluster.refuse = (write, { metadata }) => {
      const texts = write.split(/[ /]/)[1] === kind ? metadata?.[field] : undefined;
      if (texts?.[name] !== undefined) texts[name] = `seen at ${++time}`;
      return undefined;
    };
    const inherit = { labels: ['team'] };
    world.apply('web', { inherit });
    const object = world.cluster.get('haservices', 'web');
    const metadata = { ...object?.metadata, labels: { team: 'shop' } };
    world.cluster.put('haservices', { ...object, metadata });
    await until(() => degraded()?.reason === 'WriteNotKept');
    await until(() => world.status().ready === '3/3');
    expect(degraded()?.message).toContain(`metadata.${field}.${name}`);
    const before = writesTo(kind);
    // Any change makes the operator look again.
    for (const seconds of [1, 2, 3, 4, 5, 6]) {
      world.apply('web', { inherit, failover: { minInterval: `${seconds}s` } });
      const generation = world.cluster.get('haservices', 'web')?.metadata.generation;
      await until(() => world.status().observedGeneration === generation);
    }
    // Once for each object, if the last write of one is not answered yet.
    expect(writesTo(kind) - before).toBeLessThanOrEqual(4);
    // A failover takes place all the same.
    world.programs.get(world.status().primary ?? '')?.kill();
    await until(
      () => world.status().epoch === 2 && world.status().failovers?.[0]?.outcome === 'Completed',
    );
  },
);

it.each<[string, object, (claim: PersistentVolumeClaim) => void, string]>([
  [
    'the size',
    { storage: '2Gi' },
    ({ spec }) => {
      if (spec?.resources?.requests !== undefined) spec.resources.requests['storage'] = '1Gi';
    },
    'spec.resources',
  ],
  [
    'the owners',
    { volumeClaimRetentionPolicy: { whenDeleted: 'Delete' } },
    ({ metadata }) => {
      if (metadata !== undefined) metadata.ownerReferences = [];
    },
    'metadata.ownerReferences',
  ],
])('nor does one that takes back %s of volume claims', async (_, edit, takeBack, field) => {
  const apply = ({ storage = '1Gi', ...more }: { storage?: string }) =>
    world.apply('web', {
      volumeClaimTemplates: [
        { metadata: { name: 'data' }, spec: { resources: { requests: { storage } } } },
      ],
      ...more,
    });
  apply({});
  const claims = () => world.cluster.list('persistentvolumeclaims') as PersistentVolumeClaim[];
  await until(() => world.healthy() && claims().length === 3);
  for (const claim of claims()) {
    const status = { phase: 'Bound', capacity: { storage: '1Gi' } };
    world.cluster.put('persistentvolumeclaims', { ...claim, status });
  }
  world.cluster.refuse = (write, object) => {
    if (write.startsWith('PATCH persistentvolumeclaims')) takeBack(object as PersistentVolumeClaim);
    return undefined;
  };
  apply(edit);
  await until(() => degraded()?.reason === 'WriteNotKept');
  expect(degraded()?.message).toContain(field);
  expect(writesTo('persistentvolumeclaims')).toBe(3);
});
