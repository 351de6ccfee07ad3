import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../kube/testing/fake-api-server.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);

describe('the operator', () => {
  it('starts a service, and then writes nothing more, also as a new process', async () => {
    world.apply('web');
    await until(() => world.healthy());
    expect(world.status()).toMatchObject({ primary: 'web-0', epoch: 1, ready: '3/3' });
    expect(world.behind('web')).toEqual(['web-0']);
    expect(world.behind('web-read')).toEqual(['web-1', 'web-2']);
    expect(world.behind('web-all')).toEqual(['web-0', 'web-1', 'web-2']);
    const repoints = world.writes().filter((write) => write.endsWith('/web-haservice-dev'));
    expect(repoints).toEqual([
      'POST endpointslices/web-haservice-dev',
      'PATCH endpointslices/web-haservice-dev',
    ]);
    await world.stopOperator();
    const before = world.cluster.writes.length;
    world.startOperator();
    // A change that needs no write, then one that does: when that one is written, the operator has seen both.
    world.cluster.put('nodes', {
      metadata: { name: 'node-d', labels: { 'topology.kubernetes.io/zone': 'a' } },
    });
    world.apply('other', { replicas: 1 });
    await until(() => world.healthy('other'));
    expect(world.writes(before).filter((write) => /\/web(-|$|\/)/.test(write))).toEqual([]);
  });

  it('commits a failover, and repoints the Service in the very next write', async () => {
    world.apply('web');
    await until(() => world.healthy());
    const before = world.cluster.writes.length;
    world.programs.get('web-0')?.kill();
    await until(() => world.behind('web').join() === 'web-1');
    // Events are written beside.
    expect(world.writes(before).slice(0, 2)).toEqual([
      'PUT haservices/web/status',
      'PATCH endpointslices/web-haservice-dev',
    ]);
    await until(() => world.status().failovers?.[0]?.outcome === 'Completed');
    expect(world.status()).toMatchObject({
      primary: 'web-1',
      epoch: 2,
      failovers: [{ trigger: 'Crash', from: 'web-0', to: 'web-1', outcome: 'Completed' }],
    });
    expect(world.behind('web-read')).toEqual(['web-2']);
    expect(world.cluster.get('pods', 'web-1')?.metadata.labels).toMatchObject({
      'haservice.dev/role': 'primary',
    });
    await until(() => world.cluster.writes.some((write) => write.startsWith('POST events/web.')));
  });

  it('continues a failover that the last process had only committed', async () => {
    const roleCommands = { promote: { path: '/promote' }, demote: { path: '/demote' } };
    world.apply('web', { engine: roleCommands });
    await until(() => world.healthy());
    // A slice that cannot be written stops the next process.
    const busy = { code: 500, body: refusal(500, 'InternalError') };
    world.cluster.refuse = (write) =>
      write === 'PATCH endpointslices/web-haservice-dev' ? busy : undefined;
    world.programs.get('web-0')?.kill();
    await until(() => world.status().epoch === 2);
    await world.stopOperator();
    expect(world.behind('web')).toEqual(['web-0']);
    world.cluster.refuse = () => undefined;
    world.startOperator();
    await until(() => world.status().failovers?.[0]?.outcome === 'Completed');
    expect(world.status()).toMatchObject({ primary: 'web-1', epoch: 2 });
    expect(world.behind('web')).toEqual(['web-1']);
    expect(world.programs.get('web-1')?.calls).toContain('/promote');
  });

  it.each([
    ['measures the gap of a failover', true],
    ['claims no gap if the primary went away while no operator ran', false],
  ])('%s', async (_, runs) => {
    world.apply('web');
    await until(() => world.healthy());
    const service = world.cluster.get('services', 'web') as { spec?: object };
    // web-1 answers there.
    const spec = { ...service.spec, clusterIP: '127.0.1.2' };
    world.cluster.put('services', { ...service, spec });
    if (!runs) await world.stopOperator();
    world.cluster.remove('pods', 'web-0');
    if (!runs) world.startOperator();
    await until(() => world.status().failovers?.[0]?.firstSuccessMs !== undefined);
    const [record] = world.status().failovers ?? [];
    expect(record).toMatchObject({ from: 'web-0', to: 'web-1', outcome: 'Completed' });
    expect(record?.gapMs === undefined).toBe(!runs);
  });

  it('finishes the failover that is under way when it is stopped', async () => {
    world.apply('web');
    await until(() => world.healthy());
    let stopped: Promise<void> | undefined;
    world.cluster.refuse = (write) => {
      if (write === 'PUT haservices/web/status') stopped ??= world.stopOperator();
      return undefined;
    };
    world.programs.get('web-0')?.kill();
    await until(() => stopped !== undefined);
    await stopped;
    expect(world.status().primary).toBe('web-1');
    expect(world.behind('web')).toEqual(['web-1']);
  });

  it('does not commit on an old state: it first reads what another client has written', async () => {
    world.apply('web');
    await until(() => world.healthy());
    let others = 0;
    world.cluster.refuse = (write) => {
      if (write !== 'PUT haservices/web/status' || others++ > 0) return undefined;
      const label = { metadata: { labels: { touched: 'yes' } } };
      const old = world.cluster.get('haservices', 'web');
      world.cluster.put('haservices', {
        ...old,
        metadata: { ...old?.metadata, ...label.metadata },
      });
      return { code: 409, body: refusal(409, 'Conflict') };
    };
    world.programs.get('web-0')?.kill();
    await until(() => world.behind('web').join() === 'web-1');
    expect(world.status().epoch).toBe(2);
    expect(world.cluster.get('haservices', 'web')?.metadata.labels).toEqual({ touched: 'yes' });
  });

  it('removes an unhealthy member of ActiveActive from the Services until it has recovered', async () => {
    world.apply('web', { topology: 'ActiveActive' });
    await until(() => world.healthy() && world.behind('web').length === 3);
    const program = world.programs.get('web-1');
    if (program !== undefined) program.status = 503;
    await until(() => world.behind('web').join() === 'web-0,web-2');
    expect(world.status().failovers).toBeUndefined();
    if (program !== undefined) program.status = 200;
    await until(() => world.behind('web').length === 3);
  });

  it('restores what somebody edits or deletes by hand', async () => {
    world.apply('web');
    await until(() => world.healthy());
    const slice = world.cluster.get('endpointslices', 'web-haservice-dev');
    world.cluster.put('endpointslices', { ...slice, endpoints: null });
    await until(() => world.behind('web').join() === 'web-0');
    world.cluster.remove('services', 'web-read');
    await until(() => world.cluster.get('services', 'web-read') !== undefined);
    const pod = world.cluster.get('pods', 'web-1');
    world.cluster.put('pods', { ...pod, metadata: { ...pod?.metadata, labels: {} } });
    await until(
      () =>
        world.cluster.get('pods', 'web-1')?.metadata.labels?.['haservice.dev/role'] === 'standby',
    );
    expect(world.cluster.get('pods', 'web-1')?.metadata.uid).toBe(pod?.metadata.uid);
    world.cluster.remove('pods', 'web-2');
    await until(() => world.cluster.get('pods', 'web-2')?.status !== undefined);
    await until(() => world.healthy() && world.behind('web-read').length === 2);
  });
});

describe('faults of the cluster and of its users', () => {
  it('reports what is wrong with a refused template, and continues when it is corrected', async () => {
    const message = 'strict decoding error: unknown field "spec.containers[0].nonsense"';
    world.cluster.refuse = (write) =>
      write.startsWith('POST pods/')
        ? { code: 400, body: refusal(400, 'BadRequest', message) }
        : undefined;
    world.apply('web');
    await until(() => world.condition('Degraded')?.reason === 'TemplateRefused');
    expect(world.condition('Degraded')?.message).toContain(message);
    world.cluster.refuse = () => undefined;
    world.apply('web', { replicas: 2 });
    await until(() => world.healthy());
    expect(world.condition('Degraded')?.status).toBe('False');
  });

  it('deletes no member for a template that is refused', async () => {
    world.apply('web');
    await until(() => world.healthy());
    const uids = () => world.cluster.list('pods').map(({ metadata }) => metadata.uid);
    const before = uids();
    world.cluster.refuse = (write) =>
      write.startsWith('POST pods/')
        ? { code: 422, body: refusal(422, 'Invalid', 'no such policy') }
        : undefined;
    const template = (image: string) => ({
      template: { spec: { containers: [{ name: 'web', image }] } },
    });
    world.apply('web', template('bad'));
    await until(() => world.condition('Degraded')?.reason === 'TemplateRefused');
    expect(world.condition('Degraded')?.message).toMatch(
      /cannot replace Pod web-2: .*no such policy/,
    );
    expect(uids()).toEqual(before);
    world.cluster.refuse = () => undefined;
    world.apply('web', template('good'));
    await until(() => world.healthy() && uids().every((uid) => !before.includes(uid)));
    // The primary's role was handed over before its pod was replaced.
    expect(world.status().failovers?.map(({ trigger }) => trigger)).toEqual(['Switchover']);
  });

  it('tries one write, not all, in a namespace that is being deleted', async () => {
    const body = {
      ...refusal(403, 'Forbidden', 'unable to create new content in namespace shop'),
      details: { causes: [{ reason: 'NamespaceTerminating' }] },
    };
    world.cluster.refuse = (write) =>
      write.startsWith('POST') && !write.startsWith('POST events/')
        ? { code: 403, body }
        : undefined;
    world.apply('web');
    await until(() => world.condition('Degraded')?.reason === 'NamespaceTerminating');
    expect(new Set(world.writes().filter((write) => write.startsWith('POST')))).toEqual(
      new Set(['POST endpointslices/web-haservice-dev']),
    );
  });

  it('never changes a Service or a pod of another owner', async () => {
    const service = {
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { a: 'b' } },
    };
    world.cluster.put('services', service);
    const pod = { metadata: { name: 'web-0', namespace: 'shop' }, spec: {} };
    world.cluster.put('pods', pod);
    world.apply('web', { replicas: 2 });
    await until(() => world.condition('Degraded')?.message.includes('pod web-0') === true);
    expect(world.condition('Ready')?.reason).toBe('ServiceNameConflict');
    await until(() => world.status().ready === '2/2');
    expect(world.status().members?.map((member) => member.pod)).toEqual(['web-1', 'web-2']);
    expect(world.cluster.get('services', 'web')).toMatchObject(service);
    expect(world.cluster.get('pods', 'web-0')).toMatchObject(pod);
    world.cluster.remove('services', 'web');
    await until(() => world.condition('Ready')?.status === 'True');
  });

  it('leaves alone a Service of another owner with the name for DNS, tells that, and is ready', async () => {
    const service = { metadata: { name: 'web-members', namespace: 'shop' }, spec: { ports: [] } };
    world.cluster.put('services', service);
    world.apply('web');
    await until(() => world.condition('Degraded')?.reason === 'NameTaken');
    await until(() => world.condition('Ready')?.status === 'True');
    expect(world.cluster.get('services', 'web-members')).toMatchObject(service);
    expect(world.cluster.get('endpointslices', 'web-members-haservice-dev')).toBeUndefined();
    world.cluster.remove('services', 'web-members');
    await until(() => world.healthy() && world.behind('web-members').length === 3);
  });

  it('gives the names to a resource that is created again at once, when the old pods are gone', async () => {
    world.apply('web', { replicas: 2 });
    await until(() => world.healthy());
    const old = world.cluster.get('haservices', 'web')?.metadata.uid;
    world.cluster.remove('haservices', 'web');
    world.apply('web', { replicas: 2 });
    expect(world.cluster.get('haservices', 'web')?.metadata.uid).not.toBe(old);
    // Kubernetes deletes the objects of the old resource.
    for (const plural of ['services', 'endpointslices', 'poddisruptionbudgets', 'pods']) {
      for (const { metadata } of world.cluster.list(plural)) {
        const isOld = metadata.ownerReferences?.some(({ uid }) => uid === old);
        if (isOld === true) world.cluster.remove(plural, metadata.name ?? '');
      }
    }
    for (const program of world.programs.values()) program.kill();
    await until(() => world.healthy() && world.behind('web').length === 1);
    expect(world.status()).toMatchObject({ epoch: 1, primary: 'web-0' });
    expect(world.status().members?.map((member) => member.pod)).toEqual(['web-0', 'web-1']);
  });

  it('stops working on a resource that is deleted during a failover', async () => {
    world.apply('web');
    await until(() => world.healthy());
    world.cluster.refuse = (write) => {
      if (write !== 'PATCH endpointslices/web-haservice-dev') return undefined;
      world.cluster.remove('haservices', 'web');
      return { code: 500, body: refusal(500, 'InternalError') };
    };
    world.programs.get('web-0')?.kill();
    await until(() => world.cluster.get('haservices', 'web') === undefined);
    const before = world.cluster.writes.length;
    world.apply('other', { replicas: 1 });
    await until(() => world.healthy('other'));
    // At most the write that was under way at the deletion.
    const late = world.writes(before).filter((write) => /[ /]web(-|$|\/)/.test(write));
    expect(late.length).toBeLessThan(15);
    expect(world.cluster.get('haservices', 'web')).toBeUndefined();
  });

  it('changes nothing while paused, and reports what it would do', async () => {
    world.apply('web');
    await until(() => world.healthy());
    world.apply('web', { paused: true });
    await until(() => world.status().phase === 'Paused');
    const before = world.cluster.writes.length;
    world.programs.get('web-0')?.kill();
    await until(() => world.condition('FailoverBlocked')?.reason === 'Paused');
    expect(world.condition('FailoverBlocked')?.message).toContain('set it to false to let web-1');
    expect(new Set(world.writes(before))).toEqual(new Set(['PUT haservices/web/status']));
    world.apply('web', { paused: false });
    await until(() => world.behind('web').join() === 'web-1');
  });
});
