import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { Member } from '../member/member.ts';
import { Control, type Progress } from './control.ts';
import type { Operation } from './operation.ts';

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('a client writes on command, and returns its history', async () => {
  const ports = { http: 0, line: 0 };
  const settings = { pod: 'web-0', zone: undefined, ports, hooks: false } as const;
  const member = new Member({ ...settings, misbehaviour: 'none' }, () => {});
  const port = await listen(member.createServer());
  const control = `http://127.0.0.1:${await listen(new Control(undefined).createServer())}`;
  const ask = (path: string, body?: object) =>
    fetch(control + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });

  const database = { engine: 'http', host: '127.0.0.1', port, acks: 0, ackMs: 0, run: '1' };
  const writer = {
    client: 'a',
    clients: ['a'],
    keptMs: 5,
    newMs: 5,
    timeoutMs: 1_000,
    readEvery: 0,
  };
  await ask('/start', { database, writer });
  let progress: Progress;
  do progress = (await (await ask('/progress')).json()) as Progress;
  while (progress.kept === undefined || progress.new === undefined);
  await ask('/stop', {});
  const { count } = (await (await ask('/progress')).json()) as Progress;

  const lines = (await (await ask('/history?from=0')).text()).trimEnd().split('\n');
  expect(lines).toHaveLength(count);
  const operations = lines.map((line) => JSON.parse(line) as Operation);
  expect(
    operations.every(({ outcome, answeredBy }) => outcome === 'ok' && answeredBy === '127.0.0.1'),
  ).toBe(true);
  expect(operations.some(({ k, t }) => k === 'new' && t[0] === progress.new)).toBe(true);
  const rest = await (await ask(`/history?from=${count - 1}`)).text();
  expect(rest).toBe(`${lines.at(-1)}\n`);
  expect((await ask('/nothing')).status).toBe(404);
});
