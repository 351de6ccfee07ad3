import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HAService } from '../api/haservice.ts';
import { refusal } from '../kube/testing/fake-api-server.ts';
import { killsOf, requestExperiment, startWithChaos } from './testing/experiments.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const chaos = () => world.status().chaos ?? {};
const last = () => chaos().history?.[0];
const uidOf = (pod: string) => world.cluster.get('pods', pod)?.metadata.uid;
const kills = () => killsOf(world);
const busy = { code: 500, body: refusal(500, 'InternalError') };
const request = (name?: string) => requestExperiment(world, name);
const start = (chaosSpec: object = {}, more: object = {}) => startWithChaos(world, chaosSpec, more);

describe('an experiment on request', () => {
  it.each(['PodKill', 'PodDelete', 'Evict'])('%s: the pod is another one', async (action) => {
    await start({ action });
    const before = uidOf('web-1');
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({
      id: 1,
      verdict: 'Passed',
      cause: 'Request',
      action,
      hits: [{ pod: 'web-1', uid: before, role: 'standby' }],
    });
    expect(uidOf('web-1')).not.toBe(before);
    expect(kills()).toEqual([
      action === 'Evict' ? 'POST pods/web-1/eviction' : 'DELETE pods/web-1',
    ]);
    await until(() => world.cluster.writes.some((write) => write.startsWith('POST events/web.')));
  });

  it('ZoneKill: every member of the zone is another one', async () => {
    await start(
      { action: 'ZoneKill', target: { zone: 'a' }, minHealthy: 2 },
      { replicas: 4, placement: { disruptionBudget: 2 } },
    );
    const names = ['web-0', 'web-3'];
    const before = names.map(uidOf);
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed', hits: names.map((pod) => ({ pod })) });
    expect(last()?.failedOverAt).toBeDefined();
    expect(names.map(uidOf)).not.toEqual(expect.arrayContaining(before));
  });

  it('of the primary: the failover is marked as its doing', async () => {
    await start({ target: { role: 'Primary' } });
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed', hits: [{ pod: 'web-0', role: 'primary' }] });
    expect(world.status()).toMatchObject({
      primary: 'web-1',
      failovers: [{ from: 'web-0', experiment: 1, outcome: 'Completed' }],
    });
  });
});

describe('an operator that ends in the middle of an experiment', () => {
  /** The status as the last process has left it: the intent is written. */
  async function intend(uid: string | undefined): Promise<void> {
    await world.stopOperator();
    const object = world.cluster.get('haservices', 'web') as unknown as HAService;
    const experiment = {
      id: 1,
      phase: 'Injecting',
      cause: 'Request',
      action: 'PodKill',
      seed: 1,
      hits: [{ pod: 'web-1', uid, role: 'standby' }],
      why: 'web-1: no other member matches',
      objective: '2m',
      startsAt: new Date().toISOString(),
    };
    const status = { ...object.status, chaos: { count: 1, experiment } };
    world.cluster.put('haservices', { ...object, status });
    world.startOperator();
    await until(() => last() !== undefined);
  }

  it('before the kill: the next process does the kill', async () => {
    await start();
    const before = uidOf('web-1');
    await intend(before);
    expect(kills()).toEqual(['DELETE pods/web-1']);
    expect(last()).toMatchObject({ verdict: 'Passed' });
    expect(uidOf('web-1')).not.toBe(before);
  });

  it('after the kill: the next process does not kill again', async () => {
    await start();
    await intend('a pod that is gone');
    expect(kills()).toEqual([]);
    expect(last()).toMatchObject({ verdict: 'Unknown' });
  });
});

describe('a kill without an answer', () => {
  it('is not repeated, and nobody knows whether it was done, if the pod runs on', async () => {
    await start();
    world.cluster.refuse = (write) => (write.startsWith('DELETE pods') ? busy : undefined);
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Unknown' });
    expect(kills()).toEqual(['DELETE pods/web-1']);
  });

  it('was done if the pod goes, and the experiment is judged as any other', async () => {
    await start();
    const before = uidOf('web-1');
    world.cluster.refuse = (write) => {
      if (write !== 'DELETE pods/web-1') return undefined;
      const pod = world.cluster.get('pods', 'web-1');
      const deletionTimestamp = new Date().toISOString();
      world.cluster.put('pods', { ...pod, metadata: { ...pod!.metadata, deletionTimestamp } });
      return busy;
    };
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed', hits: [{ pod: 'web-1', uid: before }] });
    expect(last()?.kill).toBeUndefined();
    expect(kills()).toEqual(['DELETE pods/web-1']);
  });

  it.each([
    [429, "Cannot evict pod as it would violate the pod's disruption budget."],
    [
      500,
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    ],
  ])('that the API server refuses with %i is aborted: %s', async (code, message) => {
    await start({ action: 'Evict' });
    const answer = { code, body: refusal(code, 'TooManyRequests', message) };
    world.cluster.refuse = (write) => (write.endsWith('eviction') ? answer : undefined);
    const before = uidOf('web-1');
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Aborted', reason: 'KillRefused' });
    expect(last()?.message).toContain(message);
    expect(uidOf('web-1')).toBe(before);
  });
});

describe('a kill is left out if a cache is old, as a watch has been silent', () => {
  const label = { 'haservice.dev/chaos': 'disabled' };

  it.each<[what: string, kind: string, forbid: () => void, reason: string]>([
    [
      'the stop switch of the cluster',
      'configmaps',
      () =>
        world.cluster.put('configmaps', {
          metadata: { name: 'haservice-operator', namespace: 'system' },
          data: { 'settings.yaml': 'chaos: { enabled: false }' },
        }),
      'ChaosDisabled',
    ],
    [
      'a namespace that has opted out',
      'namespaces',
      () => world.cluster.put('namespaces', { metadata: { name: 'shop', labels: label } }),
      'OptedOut',
    ],
    [
      'a pod that has opted out',
      'pods',
      () => {
        const pod = world.cluster.get('pods', 'web-1');
        const labels = { ...pod?.metadata.labels, ...label };
        world.cluster.put('pods', {
          ...pod,
          metadata: { ...pod?.metadata, name: 'web-1', labels },
        });
      },
      'OptedOut',
    ],
  ])('%s', async (_what, kind, forbid, reason) => {
    world.cluster.put('namespaces', { metadata: { name: 'shop', namespace: '' } });
    await start();
    world.cluster.silent.add(kind);
    forbid();
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Aborted', reason });
    expect(kills()).toEqual([]);
  });
});

describe('limits of the cluster', () => {
  it('count an experiment from its announcement', async () => {
    await start({ announce: '10m' });
    world.apply('api', { chaos: { target: { member: 'api-1' }, minPodAge: '0s' } });
    await until(() => world.healthy('api') && world.condition('ChaosReady', 'api') !== undefined);
    request('web');
    await until(() => chaos().experiment?.phase === 'Announced');
    request('api');
    await until(() => world.status('api').chaos?.history !== undefined);
    expect(world.status('api').chaos?.history?.[0]).toMatchObject({
      verdict: 'Refused',
      reason: 'TooManyExperiments',
    });
  });

  it('refuse an experiment that begins in the same moment as another one', async () => {
    await start({ target: { member: 'web-1' } });
    world.apply('api', { chaos: { target: { member: 'api-1' }, minPodAge: '0s' } });
    await until(() => world.healthy('api') && world.condition('ChaosReady', 'api') !== undefined);
    request('web');
    request('api');
    const records = () => ['web', 'api'].map((name) => world.status(name).chaos?.history?.[0]);
    await until(() => records().every((record) => record !== undefined));
    expect(
      records()
        .map((record) => record?.verdict)
        .sort(),
    ).toEqual(['Passed', 'Refused']);
    expect(records().find((record) => record?.verdict === 'Refused')).toMatchObject({
      reason: 'TooManyExperiments',
      message: expect.stringContaining('zone b') as string,
    });
  });
});

describe('the request of chaos.steadyState', () => {
  const steadyState = { service: 'shop', port: 80 };

  it('is needed: without its Service no experiment begins', async () => {
    await start({ steadyState });
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Refused', reason: 'NotSteady' });
    expect(last()?.message).toContain('there is no Service shop');
  });

  it('is answered before and after', async () => {
    const { hostname, port } = new URL(world.cluster.api.url);
    world.cluster.put('services', {
      metadata: { name: 'shop', namespace: 'shop' },
      spec: { clusterIP: hostname },
    });
    await start({ steadyState: { service: 'shop', port: Number(port), path: '/version' } });
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed' });
  });
});
