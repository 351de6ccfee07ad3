import { type IncomingHttpHeaders, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HAError } from '../../api/errors.ts';
import type { HookCommand, OrderCommand, RoleCommand } from '../../core/model/role-commands.ts';
import { FakeClock } from '../../lib/fake-clock.ts';
import { makeMember, makeResource } from '../../core/testing/fixtures.ts';
import { serveGrpc } from '../../member-client/grpc/testing.ts';
import { silentLog } from '../../lib/log.ts';
import { RoleCommandRunner } from './role-command-runner.ts';
import { type SendRoleCommand, sendRoleCommand } from './send-role-command.ts';
import { ReconcileStates, type ReconcileState } from '../state/reconcile-state.ts';

let status = 200;
let answer: object = {};
let seen: { url?: string; headers: IncomingHttpHeaders; body: string };
const server = createServer((request, response) => {
  void text(request).then((body) => {
    seen = { url: request.url!, headers: request.headers, body };
    response.writeHead(status).end(JSON.stringify(answer));
  });
});
let states: ReconcileStates;
let reconcileState: ReconcileState;
let settled: () => Promise<void>;
let runner: RoleCommandRunner;
let results: string[];
let reports: unknown[];
const clock = new FakeClock();

beforeEach(async () => {
  status = 200;
  results = [];
  reports = [];
  states = new ReconcileStates();
  reconcileState = states.of('uid');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let wake = () => {};
  settled = () => new Promise((resolve) => (wake = resolve));
  runner = new RoleCommandRunner({
    clock,
    send: sendRoleCommand,
    onEnd: () => wake(),
    monitor: {
      reported: (...reported) => reports.push(reported),
      grant: (key, uid) => ({ 'haservice-lease': `${key} ${uid}` }),
    },
    metrics: { hookCalled: (action, result) => results.push(`${action} ${result}`) },
  });
});

afterEach(async () => {
  states.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const call = (more: Partial<HookCommand> = {}): HookCommand => ({
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
const start = (more: Partial<HookCommand> = {}) => give(call(more));
const give = (role: RoleCommand) => {
  const { port } = server.address() as AddressInfo;
  const [hook, toOrder] = role.hook === undefined ? [1, port] : [port, 1];
  const ports = { hook, order: toOrder, grpc: false };
  runner.start('shop/web', reconcileState, role, ports, silentLog);
};
const order = (more: Partial<OrderCommand> = {}): OrderCommand => {
  const { hook: _hook, ...rest } = call();
  return { ...rest, action: 'promote', order: { init: true }, ...more };
};
const state = (action = 'promote') => reconcileState.roleCommands.get(`uid-web-0/${action}`);

it('remembers that a role command runs, and that it is done', async () => {
  start();
  expect(state()).toMatchObject({ state: 'Running', epoch: 3, generation: 1, failures: 0 });
  await settled();
  expect(state()).toMatchObject({ state: 'Done', failures: 0, message: '' });
  expect(results).toEqual(['promote ok']);
});

it('counts failures, waits longer after each, and keeps the last message while it tries again', async () => {
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

it('remembers since when a role command fails, until it succeeds', async () => {
  status = 500;
  const sinceMs = clock.wallNow();
  start();
  await settled();
  clock.advance(700);
  start({ failures: 1 });
  expect(state()).toMatchObject({ state: 'Running', failsSinceMs: sinceMs });
  await settled();
  expect(state()).toMatchObject({ failures: 2, failsSinceMs: sinceMs });
  // In another epoch it is another command.
  start({ epoch: 4 });
  expect(state()).not.toHaveProperty('failsSinceMs');
});

it('remembers that a member may still be at work on an order, also during the next attempt', () => {
  const late = new HAError('HA_ERR_ORDER_TIMEOUT', 'took too long');
  const refused = new HAError('HA_ERR_ORDER_REFUSED', 'refused');
  const ends: Parameters<SendRoleCommand>[2][] = [];
  const slow = new RoleCommandRunner({
    clock,
    send: (_command, _signal, end) => ends.push(end),
    onEnd: () => {},
    monitor: { reported: () => {}, grant: () => ({}) },
  });
  const attempt = (failures: number) =>
    slow.start('shop/web', reconcileState, order({ failures }), port, silentLog);
  const port = { hook: 1, order: 1, grpc: false };
  attempt(0);
  ends.at(-1)?.({ error: late });
  expect(state()).toMatchObject({ state: 'Failed', isLate: true });
  attempt(1);
  expect(state()).toMatchObject({ state: 'Running', isLate: true });
  ends.at(-1)?.({ error: refused });
  expect(state()).not.toHaveProperty('isLate');
});

it('lets a later command replace an earlier one, whose answer no longer counts', async () => {
  start({ epoch: 3 });
  start({ epoch: 4 });
  await settled();
  expect(state()).toMatchObject({ epoch: 4, state: 'Done' });
});

it('does not enqueue a resource that is gone', async () => {
  start();
  states.forget('uid');
  await new Promise(setImmediate);
  expect(state()?.state).toBe('Running');
  expect(results).toEqual([]);
});

it('gives an order, with a lease for the member that is to lead, and passes on the report', async () => {
  answer = { state: 'Leading', epoch: 3, uid: 'uid-web-0' };
  give(order());
  await settled();
  expect(state()).toMatchObject({ state: 'Done', epoch: 3 });
  expect(reports).toEqual([['shop/web', 'uid-web-0', { ...answer, ledEpoch: 0 }]]);
  expect(seen).toMatchObject({
    url: '/haservice/v1/promote',
    headers: { 'haservice-lease': 'shop/web uid-web-0', 'haservice-epoch': '3' },
  });
  const told = { member: 'web-0', uid: 'uid-web-0', epoch: 3, reason: 'Crash', init: true };
  expect(JSON.parse(seen.body)).toEqual(told);
  give(order({ action: 'fence', order: {} }));
  await settled();
  expect(state('fence')).toMatchObject({ state: 'Done' });
  expect(seen.headers).not.toHaveProperty('haservice-lease');
});

it('gives an order over gRPC if the member speaks gRPC', async () => {
  const { port, stop } = await serveGrpc({
    member: { Promote: (_call, reply) => reply(null, { state: 'STATE_LEADING', epoch: 3 }) },
  });
  runner.start(
    'shop/web',
    reconcileState,
    order(),
    { hook: 1, order: port, grpc: true },
    silentLog,
  );
  await settled();
  stop();
  expect(state()).toMatchObject({ state: 'Done' });
  expect(reports).toMatchObject([['shop/web', 'uid-web-0', { state: 'Leading', epoch: 3 }]]);
});

it('keeps the reason of a refused order, and repeats the order sooner than a hook', async () => {
  status = 409;
  answer = { error: 'Foreign', message: 'holds other data' };
  give(order());
  await settled();
  expect(state()).toMatchObject({
    state: 'Failed',
    message: expect.stringContaining('Foreign (holds other data)'),
    retryAtMs: clock.wallNow() + 200,
  });
  expect(reports).toEqual([]);
  expect(results).toEqual(['promote HA_ERR_ORDER_REFUSED']);
});
