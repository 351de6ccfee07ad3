import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../kube/api-types.ts';
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
