import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HAService } from '../api/haservice.ts';
import { killsOf, requestExperiment, startWithChaos } from './testing/experiments.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const last = (name = 'web') => world.status(name).chaos?.history?.[0];
const kills = () => killsOf(world);
const request = (name?: string) => requestExperiment(world, name);
const start = (chaosSpec: object = {}, more: object = {}) => startWithChaos(world, chaosSpec, more);

describe('a kill', () => {
  it('is left out if another member fails while the operator reads everything anew', async () => {
    await start();
    const { api } = world.cluster;
    const { handler } = api;
    let failed = false;
    api.handler = (seen, response) => {
      const isRead = seen.method === 'GET' && seen.path.endsWith('/haservices/web');
      if (!isRead || failed) {
        void handler(seen, response);
        return;
      }
      failed = true;
      // The API server answers after 500 ms; meanwhile the heartbeats find web-2 dead.
      world.programs.get('web-2')?.kill();
      setTimeout(() => void handler(seen, response), 500);
    };
    request();
    await until(() => kills().length > 0 || last() !== undefined);
    expect(failed).toBe(true);
    expect(kills()).toEqual([]);
  });

  it('is left out if another member is being drained, and the watch is silent', async () => {
    await start();
    // A graceful end takes its time: the program still answers.
    world.kubelet = false;
    world.cluster.silent.add('pods');
    const pod = world.cluster.get('pods', 'web-2');
    const deletionTimestamp = new Date(Date.now() + 30_000).toISOString();
    world.cluster.put('pods', {
      ...pod,
      metadata: { ...pod?.metadata, name: 'web-2', deletionTimestamp },
    });
    request();
    await until(() => kills().length > 0 || last() !== undefined);
    expect(kills()).toEqual([]);
  });

  it('is done though one read before it has failed', async () => {
    await start();
    const { api } = world.cluster;
    const { handler } = api;
    let failed = 0;
    api.handler = (seen, response) => {
      const isRead = seen.method === 'GET' && seen.path.endsWith('/haservices/web');
      if (!isRead || failed++ > 0) {
        void handler(seen, response);
        return;
      }
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: 500, message: 'etcd leader changed' }));
    };
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed' });
  });

  it('has an unknown verdict if the pod was gone at the same moment, as by another process of the operator', async () => {
    await start();
    world.cluster.refuse = (write) => {
      if (write === 'DELETE pods/web-1') world.cluster.remove('pods', 'web-1');
      return undefined;
    };
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Unknown' });
  });

  it('is not held up by an old experiment of a resource whose spec is invalid', async () => {
    await start();
    world.apply('api', {});
    await until(() => world.healthy('api'));
    const object = world.cluster.get('haservices', 'api') as unknown as HAService;
    const experiment = {
      id: 1,
      phase: 'Announced',
      cause: 'Request',
      action: 'PodKill',
      seed: 1,
      hits: [{ pod: 'api-1', uid: 'x', role: 'standby', zone: 'b' }],
      why: 'x',
      objective: '2m',
      startsAt: '2020-01-01T00:00:00Z',
    };
    world.cluster.put('haservices', {
      ...object,
      spec: { ...(object.spec as object), replicas: 'three' },
      status: { ...object.status, chaos: { count: 1, experiment } },
    });
    await until(() => world.condition('Degraded', 'api')?.reason === 'SpecInvalid');
    request();
    await until(() => last() !== undefined);
    expect(last()).toMatchObject({ verdict: 'Passed' });
  });
});
