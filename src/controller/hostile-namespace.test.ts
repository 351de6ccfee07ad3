import { afterEach, beforeEach, expect, it } from 'vitest';
import { apiVersion, kind } from '../api/haservice.ts';
import { nameLabel } from '../api/labels.ts';
import { specSchema } from '../api/spec.ts';
import type { Status } from '../api/status.ts';
import type { ApiRequest, Driver } from '../kube/api-request.ts';
import type { KubeObject } from '../kube/api-types.ts';
import type { Store } from '../kube/store.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { ControlLoop } from './control-loop.ts';

const clock = new FakeClock();
let loop: ControlLoop;
let stop: AbortController;
let running: Promise<void>;
/** Requests that an admission webhook holds, by namespace. */
let held: Map<string, number>;
/** The first request of each reconcile in another namespace. */
let victims: string[];

const namespaceOf = (request: ApiRequest): string =>
  ('object' in request
    ? request.object.metadata?.namespace
    : 'ref' in request
      ? request.ref.namespace
      : undefined) ?? '';

/** No request of a namespace is answered, as if its webhook were down. */
const drive: Driver = (steps) => {
  queueMicrotask(() => {
    const { value, done } = steps.next();
    if (done === true) return;
    const namespace = namespaceOf(value);
    if (namespace === 'hostile') held.set(namespace, (held.get(namespace) ?? 0) + 1);
    else victims.push(value.verb);
  });
};

const spec = specSchema.parse({
  ports: [{ port: 80 }],
  engine: { type: 'HTTP' },
  template: { spec: { containers: [{ name: 'web', image: 'web' }] } },
});

let version = 1;
function put(namespace: string, name: string, status?: Status) {
  const resourceVersion = String(++version);
  const metadata = { name, namespace, uid: `${namespace}/${name}`, resourceVersion };
  loop.stores.resources.put({ apiVersion, kind, metadata, spec, ...(status ? { status } : {}) });
}

beforeEach(() => {
  held = new Map();
  victims = [];
  loop = new ControlLoop({
    drive,
    sendRoleCommand: () => {},
    askSteadyState: () => {},
    events: { record: () => {} },
    clock,
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics(),
    namespace: undefined,
    nodeName: undefined,
  });
  for (const store of Object.values(loop.stores) as Store<KubeObject>[]) store.replace([], '1');
  stop = new AbortController();
  running = loop.run(stop.signal);
});
afterEach(() => {
  stop.abort();
  loop.close();
  // What is held stays held: nobody waits for its end.
  void running;
});

const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
};

/** As many resources as would hold every worker, were it not for the share of a namespace. */
async function fill(status?: Status) {
  for (let i = 0; i < 500; i++) put('hostile', `web-${i}`, status);
  await settled();
}

it('a namespace whose webhook hangs leaves workers to the resources of others', async () => {
  await fill();
  put('shop', 'web');
  await settled();
  expect(held.get('hostile')).toBe(32);
  expect(victims).toEqual(['create']);
});

it('also with failovers in hundreds, it does not hold up the failover of another namespace', async () => {
  const lost: Status = { primary: 'web-0', primaryUID: 'gone', epoch: 1 };
  await fill();
  await fill(lost);
  for (let i = 0; i < 40; i++) put(`hostile-${i}`, 'web');
  put('shop', 'db', lost);
  await settled();
  expect(victims).not.toEqual([]);
});

it('a failover comes before the other resources that wait', async () => {
  // All workers for resources that are not urgent are taken.
  for (const namespace of ['hostile', 'shop']) {
    for (let i = 0; i < 100; i++) put(namespace, `web-${i}`);
  }
  await settled();
  const before = victims.length;
  put('shop', 'web-99', { primary: 'web-99-0', primaryUID: 'gone', epoch: 1 });
  loop.stores.pods.put({
    metadata: {
      name: 'web-99-0',
      namespace: 'shop',
      uid: 'new',
      resourceVersion: '2',
      labels: { [nameLabel]: 'web-99' },
    },
  });
  await settled();
  expect(victims.length).toBe(before + 1);
});
