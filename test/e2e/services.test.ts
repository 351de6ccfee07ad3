import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haService } from './manifests.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open('e2e-services');
});
afterAll(() => world.close());

const service = (name: string) => world.services.get(world.namespace, name);
const slice = (name: string) =>
  world.slices.get(world.namespace, `${name}-haservice-dev`)?.metadata?.resourceVersion;

describe.concurrent('spec.services', () => {
  it('changes the type and back, without a change of the endpoints', async () => {
    await world.apply(haService('typed'));
    await world.settled('typed');
    const endpoints = slice('typed');
    const write = {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      sessionAffinity: 'ClientIP',
      sessionAffinityTimeout: '90s',
      labels: { team: 'shop' },
      annotations: { 'cloud.example/internal': 'true' },
    };
    await world.apply(haService('typed', { spec: { services: { write } } }));
    await world.until('the load balancer', () => service('typed')?.spec?.type === write.type);
    const { clusterIP, ports, healthCheckNodePort } = service('typed')?.spec ?? {};
    expect(service('typed')).toMatchObject({
      metadata: { labels: write.labels, annotations: write.annotations },
      spec: {
        externalTrafficPolicy: 'Local',
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 90 } },
      },
    });
    // What Kubernetes has chosen stays.
    const relabelled = { ...write, labels: { team: 'other' } };
    await world.apply(haService('typed', { spec: { services: { write: relabelled } } }));
    await world.until(
      'the label',
      () => service('typed')?.metadata?.labels?.['team'] === relabelled.labels.team,
    );
    expect(service('typed')?.spec).toMatchObject({ clusterIP, ports, healthCheckNodePort });
    await world.apply(haService('typed'));
    await world.until('the default', () => service('typed')?.spec?.type === 'ClusterIP');
    const { metadata, spec } = service('typed') ?? {};
    expect(metadata?.labels).not.toHaveProperty('team');
    expect(metadata?.annotations ?? {}).not.toHaveProperty('cloud.example/internal');
    expect(spec).toMatchObject({ clusterIP, sessionAffinity: 'None' });
    for (const field of [
      'externalTrafficPolicy',
      'healthCheckNodePort',
      'loadBalancerSourceRanges',
    ])
      expect(spec, field).not.toHaveProperty(field);
    expect(slice('typed')).toBe(endpoints);
  });
});
