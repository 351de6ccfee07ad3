import { expect, it, vi } from 'vitest';
import type { Action } from '../../core/model/action.ts';
import { type DrivenClient, drive } from '../../kube/drive.ts';
import { HAError, type ErrorCode } from '../../api/errors.ts';
import { desiredService, desiredSlices } from '../../core/resources/owned-objects.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { systemClock } from '../../lib/clock.ts';
import { readsWaitMs } from '../../core/model/primary-suspected.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import { silentLog } from '../../lib/log.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { type ExecuteAllContext, executeAll } from './execute-all.ts';
import { Stores } from '../state/stores.ts';

/** With the client that answers the requests. */
type TestContext = ExecuteAllContext & { client: DrivenClient };

const run = (actions: Action[], context: TestContext) =>
  drive(executeAll(actions, context), context.client, AbortSignal.timeout(1_000));

it('does not count an owned object that needs no write as an answer of the API server', async () => {
  const resource = makeResource();
  const stores = new Stores();
  const manifest = desiredService(resource, 'write');
  stores.services.put({
    ...manifest,
    metadata: { ...manifest.metadata, uid: 'uid-service', resourceVersion: '1' },
  });
  const onRestored = vi.fn();
  const apiServerHealth = new ApiServerHealth(systemClock, onRestored);
  apiServerHealth.failed(new HAError('HA_ERR_API_UNREACHABLE', 'GET /version'));
  const context = {
    stores,
    apiServerHealth,
    resource,
    clock: systemClock,
    log: silentLog,
    state: new ReconcileStates().of(resource.uid),
  } as unknown as TestContext;

  const done = await run([{ type: 'EnsureOwnedObject', manifest }], context);

  expect(done).toEqual({ changed: false, failed: false, apiServerLost: false });
  // Otherwise all resources would be reconciled again and again while the API server cannot be reached.
  expect(onRestored).not.toHaveBeenCalled();
});

/** Every Service is refused with this error, before other objects are written. */
async function refusingServices(code: ErrorCode, wasLost = false) {
  const resource = makeResource();
  const apiServerHealth = new ApiServerHealth(systemClock, () => {});
  if (wasLost) apiServerHealth.failed(new HAError('HA_ERR_API_TIMEOUT', 'GET /version'));
  const state = new ReconcileStates().of(resource.uid);
  const asked: string[] = [];
  const context = {
    stores: new Stores(),
    apiServerHealth,
    resource,
    client: {
      create: async (_: unknown, object: KubeObject) => {
        asked.push(`${object.kind} ${object.metadata?.name}`);
        if (object.kind === 'Service') throw new HAError(code, 'POST');
        return { ...object, metadata: { ...object.metadata, uid: 'uid', resourceVersion: '1' } };
      },
    },
    clock: systemClock,
    log: silentLog,
    state,
  } as unknown as TestContext;
  const manifests = [
    desiredService(resource, 'write'),
    desiredService(resource, 'read'),
    desiredSlices(resource, 'write', [], false)[0]!,
  ];
  const done = await run(
    manifests.map((manifest) => ({ type: 'EnsureOwnedObject', manifest })),
    context,
  );
  return {
    done,
    asked,
    failures: [...state.failures.keys()],
    isLost: apiServerHealth.lostSince(Infinity),
  };
}

it('goes on after a write that a webhook delays, but writes no other object of that kind', async () => {
  expect(await refusingServices('HA_ERR_API_TIMEOUT')).toEqual({
    done: { changed: true, failed: true, apiServerLost: false },
    asked: ['Service web', 'EndpointSlice web-haservice-dev'],
    failures: ['write Service web'],
    isLost: false,
  });
});

it.each([
  ['refuses connections', 'HA_ERR_API_UNREACHABLE', false],
  ['has not answered a read meanwhile, either', 'HA_ERR_API_TIMEOUT', true],
] as const)('stops if the API server %s', async (_what, code, wasLost) => {
  expect(await refusingServices(code, wasLost)).toEqual({
    done: { changed: false, failed: true, apiServerLost: true },
    asked: ['Service web'],
    failures: ['write Service web'],
    isLost: true,
  });
});

it('puts off a write that may wait, and reconciles again after that time', async () => {
  const resource = makeResource();
  const created: string[] = [];
  let now = 0;
  const timers: { ms: number; callback: () => void }[] = [];
  const enqueue = vi.fn();
  const context = {
    stores: new Stores(),
    apiServerHealth: new ApiServerHealth(systemClock, () => {}),
    resource,
    key: 'shop/web',
    enqueue,
    client: {
      create: async (_: unknown, object: { metadata: { name: string } }) => {
        created.push(object.metadata.name);
        return { ...object, metadata: { ...object.metadata, uid: 'uid', resourceVersion: '1' } };
      },
    },
    clock: {
      ...systemClock,
      now: () => now,
      after: (ms: number, callback: () => void) => {
        timers.push({ ms, callback });
        return () => {};
      },
    },
    log: silentLog,
    state: new ReconcileStates().of(resource.uid),
  } as unknown as TestContext;
  const [read, all] = (['read', 'all'] as const).map((role) => ({
    type: 'EnsureOwnedObject' as const,
    manifest: desiredSlices(resource, role, [], false)[0]!,
  }));
  const later = { ...read!, mayWait: true };

  expect(await run([later], context)).toMatchObject({ changed: false, failed: false });
  now = readsWaitMs - 1;
  await run([later], context);
  expect(created).toEqual([]);
  expect(timers).toMatchObject([{ ms: readsWaitMs }]);
  timers[0]?.callback();
  expect(enqueue).toHaveBeenCalledWith('shop/web');
  now = readsWaitMs;
  await run([later], context);
  expect(created).toEqual([read!.manifest.metadata.name]);
  await run([{ ...all!, mayWait: true }], context);
  expect(created).toHaveLength(1);
  await run([all!], context);
  expect(created).toHaveLength(2);
});

it('does not count a write as done that only showed that the cache was out of date', async () => {
  const resource = makeResource({}, { epoch: 2, primary: 'web-1', primaryUID: 'uid-web-1' });
  const state = new ReconcileStates().of(resource.uid);
  state.timings = { epoch: 2, committedAtMs: 0 };
  const manifest = desiredSlices(resource, 'write', [], false)[0]!;
  const context = {
    stores: new Stores(),
    apiServerHealth: new ApiServerHealth(systemClock, () => {}),
    resource,
    client: {
      create: async () => {
        throw new HAError('HA_ERR_API_STATUS', '', { status: 409, reason: 'AlreadyExists' });
      },
      get: async () => ({
        ...manifest,
        metadata: { ...manifest.metadata, uid: 'uid', resourceVersion: '1' },
      }),
    },
    clock: systemClock,
    log: silentLog,
    state,
  } as unknown as TestContext;
  const done = await run([{ type: 'Repoint', manifest, to: ['uid-web-1'] }], context);
  expect(done).toEqual({ changed: true, failed: false, apiServerLost: false });
  expect(state.timings).not.toHaveProperty('repointedAtMs');
});
