import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event, Service } from '../kube/api-types.ts';
import { refusal } from '../kube/testing/fake-api-server.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const service = (name = 'web') => world.cluster.get('services', name) as Service | undefined;
const slices = () =>
  world.cluster.list('endpointslices').map(({ metadata }) => metadata.resourceVersion);

/** Somebody changes the Service by hand. */
function change(by: (service: Service) => void): void {
  const next = structuredClone(service() ?? {});
  by(next);
  world.cluster.put('services', next);
}

describe('spec.services', () => {
  const exposed = {
    write: {
      type: 'LoadBalancer',
      labels: { team: 'shop' },
      annotations: { 'cloud.example/internal': 'true' },
      externalTrafficPolicy: 'Local',
      sessionAffinity: 'ClientIP',
      sessionAffinityTimeout: '30m',
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
    },
  };

  it('changes the Service at once, and no endpoint; what is removed from the spec goes back to its default', async () => {
    world.apply('web');
    await until(() => world.healthy());
    const before = slices();
    world.apply('web', { services: exposed });
    await until(() => service()?.spec?.type === 'LoadBalancer');
    expect(service()).toMatchObject({
      metadata: {
        labels: { team: 'shop', 'haservice.dev/name': 'web' },
        annotations: { 'cloud.example/internal': 'true' },
      },
      spec: {
        externalTrafficPolicy: 'Local',
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 1800 } },
        loadBalancerClass: 'example.com/internal',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
      },
    });
    expect(service('web-read')?.spec?.type).toBe('ClusterIP');
    // A new process knows nothing of what the former one has written.
    await world.stopOperator();
    world.startOperator();
    world.apply('web', { services: { write: { labels: { 'haservice.dev/name': 'other' } } } });
    await until(() => service()?.spec?.type === 'ClusterIP');
    expect(service()?.metadata?.labels).toEqual({
      'haservice.dev/name': 'web',
      'app.kubernetes.io/managed-by': 'haservice-operator',
    });
    expect(Object.keys(service()?.metadata?.annotations ?? {})).toEqual(['haservice.dev/applied']);
    expect(service()?.spec).toMatchObject({ sessionAffinity: 'None' });
    for (const field of ['sessionAffinityConfig', 'loadBalancerSourceRanges', 'selector']) {
      expect(service()?.spec?.[field as 'selector'] ?? undefined, field).toBeUndefined();
    }
    world.apply('web');
    await until(() => service()?.metadata?.annotations?.['haservice.dev/applied'] === undefined);
    expect(slices()).toEqual(before);
  });

  it('leaves alone what Kubernetes, a cloud provider or a person has added', async () => {
    world.apply('web', { services: { write: { type: 'NodePort' } } });
    await until(() => world.healthy());
    change(({ metadata = {}, spec }) => {
      metadata.annotations = { 'cloud.example/id': '7' };
      metadata.labels = { ...metadata.labels, mine: 'yes' };
      Object.assign(spec ?? {}, { clusterIP: '10.1.1.1', healthCheckNodePort: 30_001 });
      for (const port of spec?.ports ?? []) port.nodePort = 30_000;
    });
    const changed = service();
    // The next pass has seen the change when this one has been corrected.
    world.cluster.put('services', {
      ...service('web-read'),
      spec: { ...service('web-read')?.spec, type: 'NodePort' },
    });
    await until(() => service('web-read')?.spec?.type === 'ClusterIP');
    expect(service()).toEqual(changed);
  });
});

describe('a change by hand that is undone', () => {
  const told = (reason = 'ChangeUndone') =>
    (world.cluster.list('events') as Event[]).filter((event) => event.reason === reason);
  const notes = () => told().map(({ regarding, note }) => `${regarding?.kind}: ${note}`);
  const put = (plural: string, name: string, more: object) =>
    world.cluster.put(plural, { ...world.cluster.get(plural, name), ...more });

  it.each<[string, () => void, RegExp, string]>([
    [
      'the type and the selector of a Service',
      () =>
        change(({ spec }) => Object.assign(spec ?? {}, { type: 'NodePort', selector: { a: 'b' } })),
      /^Service web was changed .*: spec.type: write spec.services.write.type; spec.selector: the operator alone/,
      'Service',
    ],
    [
      'an endpoint',
      () => put('endpointslices', 'web-all-haservice-dev', { endpoints: [] }),
      /^EndpointSlice web-all-haservice-dev .*: endpoints: the operator alone/,
      'EndpointSlice',
    ],
    [
      'the selector and the number of a budget',
      () =>
        put('poddisruptionbudgets', 'web', {
          spec: {
            maxUnavailable: 1,
            selector: { matchLabels: { 'haservice.dev/name': 'web', none: 'x' } },
            unhealthyPodEvictionPolicy: 'AlwaysAllow',
          },
        }),
      /minAvailable: write spec.placement.disruptionBudget; .*spec.selector: the operator needs it/,
      'PodDisruptionBudget',
    ],
    [
      'a label of a pod',
      () => {
        const pod = world.cluster.get('pods', 'web-1');
        const labels = { ...pod?.metadata.labels, 'haservice.dev/role': 'primary' };
        put('pods', 'web-1', { metadata: { ...pod?.metadata, labels } });
      },
      /^Pod web-1 .*: metadata.labels.haservice.dev.role: the operator needs it/,
      'Pod',
    ],
  ])('%s: is told once, at the HAService and at the object', async (_, edit, note, kind) => {
    world.apply('web');
    await until(() => world.healthy());
    // When another service is made, no write of this one is left to come.
    world.apply('other', { replicas: 1 });
    await until(() => world.healthy('other'));
    edit();
    await until(() => told().length === 2);
    expect(told().map(({ regarding }) => regarding?.kind)).toEqual(['HAService', kind]);
    for (const event of told())
      expect(event).toMatchObject({ type: 'Warning', note: expect.stringMatching(note) as string });
    if (kind === 'PodDisruptionBudget') {
      expect(world.cluster.get('poddisruptionbudgets', 'web')).toMatchObject({
        spec: { minAvailable: 2, selector: { matchLabels: { 'haservice.dev/name': 'web' } } },
      });
      expect(JSON.stringify(world.cluster.get('poddisruptionbudgets', 'web'))).not.toMatch(
        /maxUn|none/,
      );
    }
    // More passes say nothing more, and neither does what the spec or a failover changes.
    world.programs.get('web-0')?.kill();
    await until(() => world.status().epoch === 2);
    world.apply('web', { replicas: 2, services: { write: { type: 'NodePort' } } });
    await until(
      () => service()?.spec?.type === 'NodePort' && told('FailoverCompleted').length === 1,
    );
    expect(notes()).toHaveLength(2);
  });

  it('a deletion is told, also of a Service that this process has not made', async () => {
    world.apply('web');
    await until(() => world.healthy());
    await world.stopOperator();
    world.startOperator();
    // The new process has seen everything, and watches, when it has undone another change.
    world.apply('web', { services: { all: { type: 'NodePort' } } });
    await until(() => service('web-all')?.spec?.type === 'NodePort');
    await until(() => {
      const all = service('web-all');
      if (told().length === 0)
        put('services', 'web-all', { spec: { ...all?.spec, type: 'ClusterIP' } });
      return told().length === 2;
    });
    world.cluster.remove('services', 'web');
    await until(() => told().length === 3);
    expect(notes()[2]).toMatch(/^HAService: Service web was deleted and is made again/);
    expect(service()).toBeDefined();
  });

  it('does not take its own write for a change by hand, if the answer was lost', async () => {
    world.apply('web');
    await until(() => world.healthy());
    const type = () => service()?.spec?.type;
    const errors = { code: 504, body: refusal(504, 'Timeout') };
    world.cluster.refuse = (write, body) => {
      if (write !== 'PATCH services/web') return undefined;
      if (type() === 'ClusterIP')
        change((found) => Object.assign(found, { spec: (body as Service).spec }));
      return errors;
    };
    world.apply('web', { services: { write: { type: 'NodePort' } } });
    await until(() => type() === 'NodePort');
    world.cluster.refuse = () => undefined;
    world.apply('web');
    await until(() => type() === 'ClusterIP');
    await world.stopOperator();
    expect(notes()).toEqual([]);
  });
});
