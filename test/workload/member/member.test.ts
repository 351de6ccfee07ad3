import { once } from 'node:events';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { type Socket, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { callHook } from '../../../src/member-client/hooks.ts';
import { createLineServer } from './line-server.ts';
import { Member } from './member.ts';
import { readSettings } from './settings.ts';

async function listen(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function start(env: Record<string, string>) {
  const member = new Member(readSettings({ POD_NAME: 'web-0', ...env }, ''), () => {});
  const server = member.createServer();
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const port = await listen(server);
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  const hook = (action: 'promote' | 'demote', epoch: number, timeout = '2s') =>
    callHook(
      { path: `/${action}`, timeout },
      '127.0.0.1',
      port,
      { action, member: 'web-0', epoch, reason: 'test' },
      { signal: AbortSignal.timeout(5_000) },
    );
  const write = async () => (await ask('/write', { method: 'POST', body: 'v' })).status;
  return { member, ask, hook, write };
}

test('names itself in every answer', async () => {
  const { ask } = await start({ ZONE: 'zone-a' });
  const answer = await ask('/whoami');
  expect(answer.headers.get('x-member')).toBe('web-0');
  expect(await answer.json()).toEqual({ pod: 'web-0', role: 'none', epoch: 0, zone: 'zone-a' });
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/nowhere')).headers.get('x-member')).toBe('web-0');
});

test("follows the operator's hooks, and takes writes only as primary", async () => {
  const { ask, hook, write } = await start({ HOOKS: 'true' });
  expect(await write()).toBe(503);
  await hook('promote', 2);
  const answer = await ask('/write', { method: 'POST', body: 'v 7' });
  expect(await answer.json()).toEqual({ pod: 'web-0', role: 'primary', epoch: 2, value: 'v 7' });
  await expect(hook('demote', 1)).rejects.toMatchObject({
    code: 'HA_ERR_HOOK_STATUS',
    status: 409,
  });
  expect(await write()).toBe(200);
  await hook('demote', 3);
  expect(await write()).toBe(503);
});

test.each([
  ['hook-500', 'HA_ERR_HOOK_STATUS'],
  ['hook-hang', 'HA_ERR_HOOK_TIMEOUT'],
  ['hook-50mb', 'HA_ERR_HOOK_TOO_LARGE'],
])('%s gives the operator %s, and does not change the role', async (mode, code) => {
  const { ask, hook } = await start({ HOOKS: 'true', MISBEHAVE: mode });
  await expect(hook('promote', 1, '200ms')).rejects.toMatchObject({ code });
  expect(await (await ask('/whoami')).json()).toMatchObject({ role: 'standby', epoch: 0 });
  await ask('/misbehave?mode=none', { method: 'POST' });
  await hook('promote', 1);
});

test('is unhealthy on request, over HTTP and over lines', async () => {
  const { member, ask } = await start({});
  const lines = createLineServer((line) => member.answerLine(line));
  onTestFinished(() => void lines.close());
  const socket = connect(await listen(lines), '127.0.0.1');
  const heard = async (line: string) => {
    socket.write(`${line}\n`);
    return String((await once(socket, 'data'))[0]);
  };
  expect(await heard('PING')).toBe('PONG\n');
  expect(await heard('HELLO')).toBe('WHAT\n');
  expect((await ask('/misbehave?mode=unhealthy', { method: 'POST' })).status).toBe(200);
  expect(await heard('PING')).toBe('UNHEALTHY\n');
  expect((await ask('/healthz')).status).toBe(500);
  expect((await ask('/misbehave?mode=odd', { method: 'POST' })).status).toBe(400);
  socket.end();
  await text(socket);
});

test('goes on if a client resets its connection in the middle of a line', async () => {
  const lines = createLineServer((line) => Promise.resolve(line));
  onTestFinished(() => void lines.close());
  const port = await listen(lines);
  const rude = connect(port, '127.0.0.1');
  const [served] = (await once(lines, 'connection')) as [Socket];
  const ended = new Promise((resolve) => served.once('close', resolve));
  rude.write('half a li');
  rude.resetAndDestroy();
  await ended;
  const socket = connect(port, '127.0.0.1');
  socket.write('still there\n');
  expect(String((await once(socket, 'data'))[0])).toBe('still there\n');
  socket.destroy();
});
