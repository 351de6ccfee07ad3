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

describe.concurrent('the headless Service', () => {
  it('gives each member a DNS name, and the documented line reaches the primary', async () => {
    await world.apply(haService('named'));
    const { primary } = await world.settled('named');
    await world.until('all names', () => world.behind('named-members').length === 3);
    // The cluster's DNS knows them a moment later.
    for (const pod of ['named-0', 'named-1', 'named-2']) {
      const host = `${pod}.named-members.${world.namespace}.svc.cluster.local`;
      const script = `require('dns').promises.lookup('${host}').then((found) => console.log(found.address))`;
      await world.eventually(`the name ${host}`, async () => {
        const shown = await world.kubectl(['exec', primary, '--', '/usr/bin/node', '-e', script]);
        expect(shown.trim()).toBe(world.pod(pod)?.status?.podIP);
      });
    }
    const shown = await world.kubectl(['get', 'has', 'named', '-o', 'jsonpath={.status.primary}']);
    expect(shown).toBe(primary);
  });
});

describe.concurrent('spec.inherit', () => {
  it('gives a label to the living pods and the Services, and takes it back, without a restart', async () => {
    const spec = { inherit: { labels: ['team'] } };
    await world.apply(haService('heir', { spec }));
    await world.settled('heir');
    const uids = () => world.members('heir').map(({ metadata }) => metadata?.uid);
    const before = uids();
    const all = (value: string | undefined) =>
      [service('heir'), service('heir-members'), ...world.members('heir')].every(
        (object) => object?.metadata?.labels?.['team'] === value,
      );
    await world.kubectl(['label', 'haservice', 'heir', 'team=shop']);
    await world.until('the label', () => all('shop'));
    await world.kubectl(['label', 'haservice', 'heir', 'team-']);
    await world.until('no label', () => all(undefined));
    expect(uids()).toEqual(before);
  });
});
