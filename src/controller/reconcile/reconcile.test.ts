import { defaultSettings } from '../../api/operator-settings.ts';
import { expect, it } from 'vitest';
import { apiVersion, kind } from '../../api/haservice.ts';
import { HAError } from '../../api/errors.ts';
import { decide } from '../../core/decide.ts';
import { makeResource, t0 } from '../../core/testing/fixtures.ts';
import type { ApiRequest } from '../../kube/api-request.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import type { Store } from '../../kube/store.ts';
import { silentLog } from '../../lib/log.ts';
import { RoleCommandRunner } from '../act/role-command-runner.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { changed } from '../testing/merge-patch.ts';
import { Stores } from '../state/stores.ts';
import { type Outcome, Reconciler } from './reconcile.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';

const clock = { now: () => 0, wallNow: () => t0, after: () => () => {} };

/** A reconciler for one new HAService, without pods; `answer` answers each request to the API server, or throws. */
function setUp(answer: (request: ApiRequest) => KubeObject | undefined, listed = '') {
  const stores = new Stores();
  for (const store of Object.values(stores) as Store<KubeObject>[])
    store.completeness.listed(listed);
  stores.resources.put({
    apiVersion,
    kind,
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'uid-web',
      generation: 1,
      resourceVersion: '1',
      creationTimestamp: new Date(t0 - 3_600_000).toISOString(),
    },
    spec: makeResource().spec,
  });
  const node = { metadata: { name: 'node-a', uid: 'node-a', resourceVersion: '1' } };
  stores.nodes.put(node);
  const recorded: string[] = [];
  const monitor = {
    setMembers() {},
    remove() {},
    podCreated() {},
    health: () => undefined,
    leaseEndsInMs: () => 0,
    reported() {},
    grant: () => ({}),
  };
  const metrics = new Proxy({}, { get: () => () => {} }) as ReconcilerOptions['metrics'];
  const reconciler = new Reconciler({
    stores,
    monitor,
    steadyStateProber: { start() {} },
    settings: { ref: undefined, known: true, current: defaultSettings, problem: undefined },
    roleCommandRunner: new RoleCommandRunner({ clock, monitor, onEnd() {}, send() {} }),
    states: new ReconcileStates(),
    events: { record: (_object, { reason }) => void recorded.push(reason) },
    apiServerHealth: new ApiServerHealth(clock, () => {}),
    clock,
    log: silentLog,
    metrics,
    decide,
    operatorNode: undefined,
    unsafe: undefined,
    agentImage: 'operator:1',
    enqueue() {},
  });

  let version = 1;
  /** One reconcile; its requests as `verb Kind name`. */
  const reconcile = (): { outcome: Outcome; requests: string[] } => {
    const requests: string[] = [];
    const steps = reconciler.reconcile('shop/web');
    let next = steps.next();
    while (next.done !== true) {
      const request = next.value;
      requests.push(nameOf(request));
      let stored: unknown;
      try {
        stored = answer(request) ?? asStored(wholeObject(request, stores), ++version);
      } catch (error) {
        next = steps.throw(error);
        continue;
      }
      next = steps.next(stored);
    }
    return { outcome: next.value, requests };
  };
  return { stores, reconcile, recorded };
}

function nameOf(request: ApiRequest): string {
  if (!('type' in request)) return request.verb;
  const name = 'object' in request ? request.object.metadata?.name : request.ref.name;
  return `${request.verb} ${request.type.kind} ${name}`;
}

/** A patch of the disruption budget with the object that comes of it. */
function wholeObject(request: ApiRequest, stores: Stores): ApiRequest {
  if (request.verb !== 'mergePatch') return request;
  const budget = stores.budgets.get('shop', request.ref.name) ?? {};
  const object = changed<KubeObject>(budget, request.patch);
  return { verb: 'create', type: request.type, object };
}

/** As the API server stores what is written. */
function asStored(request: ApiRequest, version: number): KubeObject {
  if (!('object' in request)) throw new Error(`not expected: ${nameOf(request)}`);
  const { metadata } = request.object;
  const uid = metadata?.uid ?? `uid-${version}`;
  return { ...request.object, metadata: { ...metadata, uid, resourceVersion: String(version) } };
}

const refused = (reason: string) =>
  new HAError('HA_ERR_API_STATUS', `409 ${reason}`, { status: 409, reason });

it('writes nothing in a namespace that could not be listed so far: what is not known is not missing', () => {
  const { stores, reconcile } = setUp(() => undefined, 'other');
  expect(reconcile()).toEqual({ outcome: { failed: true }, requests: [] });
  for (const store of [stores.services, stores.slices, stores.budgets, stores.pods]) {
    expect(reconcile().requests).toEqual([]);
    store.replace([], '1', 'shop');
  }
  expect(reconcile().requests).toContain('create Pod web-0');
});

it('reports a write that times out in the status of the same reconcile, and writes what it can', () => {
  const { stores, reconcile } = setUp((request) => {
    if (request.verb === 'create' && request.type.kind === 'Service')
      throw new HAError('HA_ERR_API_TIMEOUT', 'POST services');
    return undefined;
  });
  const { outcome, requests } = reconcile();
  expect(outcome).toMatchObject({ failed: true });
  expect(requests.filter((request) => request.startsWith('create Service'))).toHaveLength(1);
  expect(requests).toContain('create Pod web-2');
  const conditions = stores.resources.get('shop', 'web')?.status?.conditions;
  expect(conditions?.find(({ type }) => type === 'Degraded')).toMatchObject({
    status: 'True',
    message: expect.stringContaining('cannot write Service web') as string,
  });
});

it('records no Event of a pod that it could not create, as a foreign pod has the name', () => {
  const foreign = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'shop' } };
  const { reconcile, recorded } = setUp((request) => {
    if (!('type' in request) || request.type.kind !== 'Pod') return undefined;
    const name = nameOf(request);
    if (name === 'create Pod web-0') throw refused('AlreadyExists');
    return name === 'get Pod web-0' ? foreign : undefined;
  });
  const { requests } = reconcile();
  const created = requests.filter((request) => request.startsWith('create Pod web'));
  expect(created).toEqual([
    'create Pod web-0',
    'create Pod web-1',
    'create Pod web-2',
    'create Pod web-3',
  ]);
  expect(recorded.filter((reason) => reason === 'PodCreated')).toHaveLength(3);
});

it('keeps a living pod in its cache, although a webhook refuses its deletion with 409', () => {
  const { stores, reconcile, recorded } = setUp((request) => {
    const name = nameOf(request);
    if (name === 'delete Pod web-2') throw refused('Conflict');
    return name === 'get Pod web-2' ? stores.pods.get('shop', 'web-2') : undefined;
  });
  reconcile();
  const object = stores.resources.get('shop', 'web');
  if (object === undefined) throw new Error('it is there');
  const { metadata, spec } = object;
  stores.resources.put({
    ...object,
    metadata: { ...metadata, resourceVersion: '1000' },
    spec: { ...(spec as object), replicas: 2 },
  });
  expect(reconcile().outcome.failed).toBe(true);
  expect(stores.pods.get('shop', 'web-2')).toBeDefined();
  expect(recorded).not.toContain('PodDeleted');
});
