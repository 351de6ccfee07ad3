import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StepsEnd } from '../kube/api-request.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { ControlLoop } from './control-loop.ts';

let loop: ControlLoop;
let stop: AbortController;
let running: Promise<void>;
let reconciles: number;

/** How many resources are reconciled because of a change. */
const reconciledBy = async (change: () => void): Promise<number> => {
  reconciles = 0;
  change();
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  return reconciles;
};

/** Two resources in the namespace shop, and one in another. A reconcile does nothing, and ends at once. */
beforeEach(async () => {
  loop = new ControlLoop({
    drive: <T>(_steps: unknown, _signal: AbortSignal, done: (end: StepsEnd<T>) => void) => {
      reconciles++;
      queueMicrotask(() => done({ value: { failed: false } as T }));
    },
    sendRoleCommand: () => {},
    askSteadyState: () => {},
    events: { record: () => {} },
    clock: new FakeClock(),
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics(),
    namespace: undefined,
    nodeName: undefined,
  });
  const { resources, settings, optedOutNamespaces } = loop.stores;
  for (const path of ['shop/web', 'shop/api', 'other/web']) {
    const [namespace = '', name = ''] = path.split('/');
    resources.put({ metadata: { name, namespace, uid: path, resourceVersion: '1' }, spec: {} });
  }
  for (const store of [settings, optedOutNamespaces]) store.replace([], '1');
  stop = new AbortController();
  const first = () => {
    running = loop.run(stop.signal);
  };
  expect(await reconciledBy(first)).toBe(3);
});
afterEach(async () => {
  stop.abort();
  await running;
  loop.close();
});

it('reconciles every resource when the settings change, or are no longer known', async () => {
  const { settings } = loop.stores;
  const data = { 'settings.yaml': 'chaos: { enabled: false }' };
  const metadata = { name: 'haservice-operator', namespace: 'system', resourceVersion: '2' };
  expect(await reconciledBy(() => settings.put({ metadata, data }))).toBe(3);
  expect(loop.settings.current.chaos.enabled).toBe(false);
  expect(await reconciledBy(() => settings.setRefused())).toBe(3);
  expect(loop.settings.known).toBe(false);
});

it('reconciles the resources of a namespace that opts out of chaos, or no longer does', async () => {
  const { optedOutNamespaces } = loop.stores;
  const shop = { metadata: { name: 'shop', uid: 'u1', resourceVersion: '2' } };
  expect(await reconciledBy(() => optedOutNamespaces.put(shop))).toBe(2);
  expect(await reconciledBy(() => optedOutNamespaces.remove(shop))).toBe(2);
  expect(await reconciledBy(() => optedOutNamespaces.setRefused())).toBe(3);
});

it('reconciles a resource that needs the same names as one that goes', async () => {
  const { resources } = loop.stores;
  const metadata = { name: 'web-read', namespace: 'shop', uid: 'u2', resourceVersion: '2' };
  expect(await reconciledBy(() => resources.put({ metadata, spec: {} }))).toBe(1);
  const web = { name: 'web', namespace: 'shop', uid: 'shop/web' };
  const at = (resourceVersion: string, deletionTimestamp?: string) => ({
    ...{ metadata: { ...web, resourceVersion, ...(deletionTimestamp && { deletionTimestamp }) } },
    spec: {},
  });
  expect(await reconciledBy(() => resources.put(at('3')))).toBe(1);
  expect(await reconciledBy(() => resources.put(at('4', '2026-01-01T00:00:00Z')))).toBe(2);
  expect(await reconciledBy(() => resources.remove(at('5')))).toBe(2);
});
