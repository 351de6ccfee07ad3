import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Connections } from './connections.ts';
import { CredentialSource } from './credentials.ts';
import { FakeApiServer, json } from './testing/fake-api-server.ts';

let server: FakeApiServer;
let folder: string;
let certFile: string;
let now: number;
let connections: Connections;

beforeEach(async () => {
  server = await FakeApiServer.start();
  folder = await mkdtemp(join(tmpdir(), 'kube-connections-'));
  certFile = join(folder, 'cert');
  await writeFile(certFile, 'one');
  now = 0;
  connections = new Connections(new CredentialSource(server.config({ certFile }), () => now));
});

afterEach(async () => {
  await connections.reset();
  await server.close();
  await rm(folder, { recursive: true });
});

const dispatcher = async (kind: 'calls' | 'watches' = 'calls') =>
  (await connections.get(kind)).dispatcher;

test('a new client certificate makes new connections, and pending requests finish on the old ones', async () => {
  const old = await dispatcher();
  let answer = () => {};
  server.handler = (_request, response) => {
    answer = () => json(response, 200, { done: true });
  };
  const underWay = old.request({ origin: server.url, path: '/', method: 'GET' });
  await server.seen(1);
  await writeFile(certFile, 'two');
  now += 11_000;
  await expect.poll(dispatcher).not.toBe(old);
  answer();
  expect(await (await underWay).body.json()).toEqual({ done: true });
});

test('a request that got its connection just before the replacement is still sent', async () => {
  const old = await dispatcher();
  await writeFile(certFile, 'two');
  now += 11_000;
  // In the same turn of the event loop as the replacement.
  let late: Promise<unknown> | undefined;
  await expect
    .poll(async () => {
      const current = await dispatcher();
      if (current !== old) late ??= old.request({ origin: server.url, path: '/', method: 'GET' });
      return current;
    })
    .not.toBe(old);
  expect(await late).toMatchObject({ statusCode: 200 });
});

test('the same certificate, read again, keeps the connections', async () => {
  const old = await dispatcher();
  await writeFile(certFile, 'one');
  for (let i = 0; i < 3; i++) {
    now += 11_000;
    await new Promise((resolve) => setImmediate(resolve));
    expect(await dispatcher()).toBe(old);
  }
});

test('calls and watches have separate connections', async () => {
  expect(await dispatcher('calls')).not.toBe(await dispatcher('watches'));
});
