import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../core/fake-clock.ts';
import type { HookCall } from '../core/calls.ts';
import { makeMember, makeResource } from '../core/testing/fixtures.ts';
import { silentLog } from '../telemetry/log.ts';
import { HookRunner } from './hook-runner.ts';
import { Memories, type Memory } from './memory.ts';

let status = 200;
const server = createServer((_request, response) => response.writeHead(status).end());
let memories: Memories;
let memory: Memory;
let settled: () => Promise<void>;
let runner: HookRunner;
let results: string[];
const clock = new FakeClock();

beforeEach(async () => {
  status = 200;
  results = [];
  memories = new Memories();
  memory = memories.of('uid');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let wake = () => {};
  settled = () => new Promise((resolve) => (wake = resolve));
  runner = new HookRunner({
    clock,
    onSettled: () => wake(),
    metrics: { hookCalled: (action, result) => results.push(`${action} ${result}`) },
  });
});

afterEach(async () => {
  memories.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = (more: Partial<HookCall> = {}): HookCall => ({
  action: 'promote',
  member: makeMember(makeResource(), 0, { ip: '127.0.0.1' }),
  hook: { path: '/up', timeout: '2s' },
  epoch: 3,
  generation: 1,
  failures: 0,
  message: '',
  reason: 'Crash',
  ...more,
});
const start = (more: Partial<HookCall> = {}) =>
  runner.start('shop/web', memory, call(more), (server.address() as AddressInfo).port, silentLog);
const state = (action = 'promote') => memory.hooks.get(`uid-web-0/${action}`);

it('remembers a call that runs, and that it was done', async () => {
  start();
  expect(state()).toMatchObject({ state: 'Running', epoch: 3, generation: 1, failures: 0 });
  await settled();
  expect(state()).toMatchObject({ state: 'Done', failures: 0, message: '' });
  expect(results).toEqual(['promote ok']);
});

it('counts failures, waits longer after each, and keeps the last one in mind while it tries again', async () => {
  status = 500;
  start();
  await settled();
  expect(state()).toMatchObject({
    state: 'Failed',
    failures: 1,
    retryAtMs: clock.wallNow() + 500,
    message: expect.stringContaining('answered 500') as string,
  });
  const { message } = state()!;
  start({ failures: 7, message });
  expect(state()).toMatchObject({ state: 'Running', failures: 7, message });
  await settled();
  expect(state()).toMatchObject({ failures: 8, retryAtMs: clock.wallNow() + 30_000 });
  expect(results).toEqual(['promote HA_ERR_HOOK_STATUS', 'promote HA_ERR_HOOK_STATUS']);
});

it('lets a later call take over: the answer to the earlier one counts no more', async () => {
  start({ epoch: 3 });
  start({ epoch: 4 });
  await settled();
  expect(state()).toMatchObject({ epoch: 4, state: 'Done' });
});

it('tells nobody of the calls of a resource that is gone', async () => {
  start();
  memories.forget('uid');
  await new Promise(setImmediate);
  expect(state()?.state).toBe('Running');
  expect(results).toEqual([]);
});
