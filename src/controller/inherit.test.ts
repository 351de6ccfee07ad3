import { afterEach, beforeEach, expect, it } from 'vitest';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);

/** A user changes labels and annotations of the HAService. */
function mark(labels: Record<string, string>, annotations: Record<string, string> = {}): void {
  const object = world.cluster.get('haservices', 'web');
  const metadata = { ...object?.metadata, labels, annotations };
  world.cluster.put('haservices', { ...object, metadata });
}

const kinds = ['pods', 'services', 'endpointslices', 'poddisruptionbudgets'];
const owned = () => kinds.flatMap((kind) => world.cluster.list(kind));
const uids = () =>
  world.cluster
    .list('pods')
    .map(({ metadata }) => metadata.uid)
    .sort();
const everywhere = (field: 'labels' | 'annotations', name: string, value: string | undefined) =>
  owned().every(({ metadata }) => metadata[field]?.[name] === value);

it('gives the labels and annotations of the HAService to its objects, also to living pods, and takes them back', async () => {
  const inherit = { labels: ['team', 'own'], annotations: ['note'] };
  const template = {
    metadata: { labels: { own: 'of the pod' } },
    spec: { containers: [{ name: 'web', image: 'web' }] },
  };
  world.apply('web', { template });
  await until(() => world.healthy());
  const before = uids();
  const { epoch } = world.status();
  mark({ team: 'shop', own: 'of the service', other: 'x' }, { note: 'a' });
  world.apply('web', { template, inherit });
  await until(() => everywhere('labels', 'team', 'shop') && everywhere('annotations', 'note', 'a'));
  for (const { metadata } of world.cluster.list('pods')) {
    expect(metadata.labels).toMatchObject({ own: 'of the pod', 'haservice.dev/name': 'web' });
  }
  expect(world.cluster.get('services', 'web')?.metadata.labels).toMatchObject({
    own: 'of the service',
    'haservice.dev/name': 'web',
  });
  expect(everywhere('labels', 'other', undefined)).toBe(true);
  mark({ team: 'bank' });
  await until(
    () => everywhere('labels', 'team', 'bank') && everywhere('annotations', 'note', undefined),
  );
  // A pod that is made later has them from the beginning; a new process takes back what the former one gave.
  await world.stopOperator();
  world.startOperator();
  world.apply('web', { template });
  await until(() => everywhere('labels', 'team', undefined));
  expect(everywhere('annotations', 'haservice.dev/applied', undefined)).toBe(true);
  expect(uids()).toEqual(before);
  expect(world.status().epoch).toBe(epoch);
});

it('never takes the operator’s own labels from the HAService, and undoes a change by hand', async () => {
  const inherit = { labels: ['team', 'haservice.dev/role', 'app.kubernetes.io/managed-by'] };
  world.apply('web', { inherit });
  mark({ team: 'shop', 'haservice.dev/role': 'x', 'app.kubernetes.io/managed-by': 'y' });
  await until(() => world.healthy() && everywhere('labels', 'team', 'shop'));
  expect(everywhere('labels', 'app.kubernetes.io/managed-by', 'haservice-operator')).toBe(true);
  const roles = world.cluster
    .list('pods')
    .map(({ metadata }) => metadata.labels?.['haservice.dev/role']);
  expect(roles).toEqual(['primary', 'standby', 'standby']);
  const pod = world.cluster.get('pods', 'web-1');
  const labels = { ...pod?.metadata.labels, team: 'other' };
  world.cluster.put('pods', { ...pod, metadata: { ...pod?.metadata, labels } });
  await until(() => everywhere('labels', 'team', 'shop'));
});
