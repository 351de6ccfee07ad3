import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorNamespace, operatorPod } from '../framework/operator.ts';
import { haService } from './manifests.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.open('e2e-drift-correction');
});
afterAll(() => world.close());

/** Makes an HAService and waits until it is settled. */
async function settled(name: string, spec: Record<string, unknown> = {}) {
  await world.apply(haService(name, { spec }));
  return world.settled(name);
}

const patch = (kind: string, name: string, change: object, ...more: string[]) =>
  world.kubectl(['patch', kind, name, '--type=merge', '-p', JSON.stringify(change), ...more]);
const label = 'haservice.dev/role';
const sliceOf = (service: string) => `${service}-haservice-dev`;
const gone = (name: string) =>
  world.until(`${name} and all it owned to be gone`, () => {
    const service = world.services.get(world.namespace, name);
    const slice = world.slices.get(world.namespace, sliceOf(name));
    return world.members(name).length === 0 && service === undefined && slice === undefined;
  });

describe.concurrent('a manual change', () => {
  it('to the EndpointSlice is undone', async () => {
    const { primary } = await settled('slice');
    await patch('endpointslice', sliceOf('slice'), { endpoints: [] });
    await world.until('the endpoint to be back', () => world.behind('slice').join() === primary);
    await world.kubectl(['delete', 'endpointslice', sliceOf('slice')]);
    await world.until('the slice to be back', () => world.behind('slice').join() === primary);
  });

  it('to a Service is undone', async () => {
    await settled('service');
    const uid = world.services.get(world.namespace, 'service')?.metadata?.uid;
    await patch('service', 'service', {
      spec: { selector: { app: 'other' }, ports: [{ port: 80, targetPort: 1 }] },
    });
    await world.until('selector and port to be as before', () => {
      const spec = world.services.get(world.namespace, 'service')?.spec;
      return spec?.selector === undefined && spec?.ports?.[0]?.targetPort === 8080;
    });
    await patch('service', 'service', { spec: { type: 'NodePort' } });
    await world.until('an Event that names the field', () =>
      world
        .notes('service', 'ChangeUndone')
        .some((note) => note.includes('spec.type: write spec.services.write.type')),
    );
    expect(world.services.get(world.namespace, 'service')?.spec?.type).toBe('ClusterIP');
    await world.kubectl(['delete', 'service', 'service']);
    await world.until('the Service to be back', () => {
      const now = world.services.get(world.namespace, 'service')?.metadata?.uid;
      return now !== undefined && now !== uid;
    });
    await world.settled('service');
  });

  it('to the disruption budget is undone', async () => {
    await settled('budget');
    const spec = { minAvailable: null, maxUnavailable: 3 };
    await patch('poddisruptionbudget', 'budget', { spec });
    await world.until('an Event that names the field', () =>
      world
        .notes('budget', 'ChangeUndone')
        .some((note) => note.includes('write spec.placement.disruptionBudget')),
    );
    const shown = await world.kubectl(['get', 'pdb', 'budget', '-o', 'jsonpath={.spec}']);
    expect(JSON.parse(shown)).toMatchObject({ minAvailable: 2 });
    expect(shown).not.toContain('maxUnavailable');
  });

  it('to the labels of a pod is undone', async () => {
    const { primary } = await settled('labels');
    await world.kubectl(['label', 'pod', primary, '--overwrite', `${label}=standby`]);
    await world.until(
      'the role to be right',
      () => world.pod(primary)?.metadata?.labels?.[label] === 'primary',
    );
    await world.kubectl(['label', 'pod', primary, 'haservice.dev/name-']);
    await world.until('the pod to be ours again', () =>
      world.members('labels').some(({ metadata }) => metadata?.name === primary),
    );
    expect((await world.settled('labels')).primary).toBe(primary);
  });

  it('to the status is undone, and the primary stays', async () => {
    const before = await settled('status');
    const status = { members: [], phase: 'Unavailable', conditions: [], ready: '0/9' };
    await patch('haservice', 'status', { status }, '--subresource=status');
    await world.until('the status to be right', () => world.status('status').phase === 'Healthy');
    const after = await world.settled('status');
    expect(after).toMatchObject({ primary: before.primary, epoch: before.epoch, ready: '3/3' });
  });

  it('to standbys is undone without a failover', async () => {
    const { primary, epoch } = await settled('standby');
    const standby = world.members('standby').find(({ metadata }) => metadata?.name !== primary);
    const uid = standby?.metadata?.uid;
    await world.kubectl(['delete', 'pod', standby?.metadata?.name ?? '', '--wait=false']);
    await world.until('another pod in its place', () => {
      const now = world.pod(standby?.metadata?.name ?? '')?.metadata?.uid;
      return now !== undefined && now !== uid;
    });
    expect(await world.settled('standby')).toMatchObject({ primary, epoch });
  });

  it('is left alone while the resource is paused', async () => {
    const { primary, epoch } = await settled('paused');
    await patch('haservice', 'paused', { spec: { paused: true } });
    await world.until('Paused', () => world.status('paused').phase === 'Paused');
    await world.kubectl(['delete', 'pod', primary, '--force', '--grace-period=0']);
    await world.until('its loss to be noticed', () => world.status('paused').readyReplicas === 2);
    expect(world.status('paused')).toMatchObject({ epoch, phase: 'Paused' });
    expect(world.members('paused')).toHaveLength(2);
    await patch('haservice', 'paused', { spec: { paused: false } });
    const after = await world.settled('paused');
    expect(after.epoch).toBe(epoch + 1);
  });
});

describe.concurrent('a resource', () => {
  it('scales, and keeps its primary', async () => {
    const { primary, epoch } = await settled('scaled');
    await world.kubectl(['scale', 'haservice', 'scaled', '--replicas=1']);
    await world.until('one member', () => world.members('scaled').length === 1);
    expect(await world.settled('scaled')).toMatchObject({ primary, epoch });
    await world.kubectl(['scale', 'haservice', 'scaled', '--replicas=3']);
    expect(await world.settled('scaled')).toMatchObject({ primary, epoch });
  });

  it('updates the standbys first, then switches over', async () => {
    const { primary, epoch } = await settled('updated');
    await world.apply(haService('updated', { env: { ZONE: 'new' } }));
    const updated = () =>
      world
        .members('updated')
        .every(({ spec }) => spec?.containers[0]?.env?.some(({ name }) => name === 'ZONE'));
    await world.until(
      'every pod to be new',
      () => world.members('updated').length === 3 && updated(),
    );
    const after = await world.settled('updated');
    expect(after.epoch).toBe(epoch + 1);
    expect(after.failovers?.[0]).toMatchObject({ trigger: 'Switchover', from: primary });
  });

  it('that is deleted during a failover leaves no objects', async () => {
    const { primary } = await settled('deleted');
    await world.cluster.killContainer(world.ref(primary));
    await world.kubectl(['delete', 'haservice', 'deleted', '--wait=false']);
    await gone('deleted');
  });

  it('that is created again at once with the same name is a new one', async () => {
    const { primary } = await settled('again');
    const before = world.resource('again')?.metadata.uid;
    const old = world.members('again').map(({ metadata }) => metadata?.uid);
    await world.cluster.killContainer(world.ref(primary));
    await world.kubectl(['delete', 'haservice', 'again', '--wait=false']);
    await world.apply(haService('again'));
    await world.until('the new one', () => {
      const uid = world.resource('again')?.metadata.uid;
      return uid !== undefined && uid !== before;
    });
    expect((await world.settled('again')).epoch).toBe(1);
    for (const { metadata } of world.members('again')) expect(old).not.toContain(metadata?.uid);
  });

  it('whose namespace is deleted does not disturb others', async () => {
    const namespace = 'e2e-drift-correction-doomed';
    const resource = { ...haService('doomed'), metadata: { name: 'doomed', namespace } };
    const { cluster } = world;
    await cluster.runKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
    await cluster.runKubectl(['create', 'namespace', namespace]);
    await cluster.runKubectl(['apply', '-f', '-'], { input: JSON.stringify(resource) });
    await world.until(
      'a primary',
      () => world.resources.get(namespace, 'doomed')?.status?.primary !== undefined,
    );
    await cluster.runKubectl(['delete', 'namespace', namespace, '--wait'], { timeoutMs: 90_000 });
    await settled('neighbour');
  });
});

describe('an operator with nothing to do', () => {
  /** Its requests to the API server, but for reads. */
  async function writes(): Promise<number> {
    const { name } = await operatorPod(world.api, AbortSignal.timeout(10_000));
    const path = `/api/v1/namespaces/${operatorNamespace}/pods/${name}:8080/proxy/metrics`;
    const text = await world.api.text(path, AbortSignal.timeout(10_000));
    const counts = text.matchAll(/^rest_client_requests_total\{.*method="(\w+)"\} (\d+)$/gm);
    return [...counts].reduce(
      (sum, [, method, n]) => (method === 'GET' ? sum : sum + Number(n)),
      0,
    );
  }

  it('writes nothing, and had every right that it needed', async () => {
    // Every Event and status of the tests above has been written when this one has come and gone.
    await settled('last');
    const before = await world.until('the last Event', () =>
      world.notes('last', 'PrimaryElected').length > 0 ? writes() : undefined,
    );
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    expect(await writes()).toBe(before);
    const log = await world.cluster.runKubectl([
      ...['logs', '--namespace', operatorNamespace, 'deployment/haservice-operator'],
    ]);
    expect(log).not.toMatch(/is forbidden: User/);
  });
});
