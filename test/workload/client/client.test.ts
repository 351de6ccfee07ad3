import { once } from 'node:events';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runClient } from './client.ts';
import type { Connection } from './report.ts';
import type { Outcome } from './request.ts';

interface Seen {
  kind: Connection;
  outcome: Outcome;
}

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

/** Runs a client against the server until `enough` accepts its reports. */
async function run(server: Server, enough: (seen: Seen[]) => boolean, timeoutMs = 1_000) {
  const stop = new AbortController();
  const seen: Seen[] = [];
  const url = new URL(`http://web:${(server.address() as AddressInfo).port}/path?q`);
  const reporter = {
    add(_s: string | undefined, kind: Connection, _t: number, _e: number, outcome: Outcome) {
      seen.push({ kind, outcome });
      if (enough(seen)) stop.abort();
    },
  };
  const options = { targets: [{ name: undefined, url }], intervalMs: 2, timeoutMs };
  await runClient(options, [{ host: '127.0.0.1', url }], reporter, stop.signal);
  return seen;
}

const of = (seen: Seen[], kind: Connection) => seen.filter((each) => each.kind === kind);

test('sends requests on new connections and on a kept one, and reports which member answered', async () => {
  const sockets = new Map<Socket, number>();
  const hosts = new Set<string | undefined>();
  const server = await serve((request, response) => {
    sockets.set(request.socket, (sockets.get(request.socket) ?? 0) + 1);
    hosts.add(`${request.headers.host} ${request.url}`);
    response.setHeader('x-member', 'web-0').end('hello');
  });
  const seen = await run(
    server,
    (all) => of(all, 'new').length >= 5 && of(all, 'kept').length >= 5,
  );
  expect(seen.every(({ outcome }) => outcome.ok && outcome.who === 'web-0')).toBe(true);
  expect(hosts).toEqual(new Set([`web:${(server.address() as AddressInfo).port} /path?q`]));
  const uses = [...sockets.values()];
  expect(uses.filter((n) => n === 1).length).toBeGreaterThanOrEqual(of(seen, 'new').length);
  expect(Math.max(...uses)).toBeGreaterThan(1);
});

test('a request without an answer delays no other, and ends as a timeout', async () => {
  let asked = 0;
  const server = await serve((_request, response) => {
    asked += 1;
    if (asked > 6) response.end();
  });
  const seen = await run(
    server,
    (all) => all.filter(({ outcome }) => outcome.error === 'timeout').length === 6,
    100,
  );
  const first = seen.findIndex(({ outcome }) => outcome.error === 'timeout');
  for (const kind of ['new', 'kept'] as const) {
    expect(of(seen.slice(0, first), kind).some(({ outcome }) => outcome.ok)).toBe(true);
  }
});

test('names failures: a status, a reset, an incomplete body', async () => {
  let asked = 0;
  const server = await serve((request, response) => {
    asked += 1;
    if (asked % 3 === 0) response.writeHead(503).end();
    else if (asked % 3 === 1) request.socket.resetAndDestroy();
    else
      response.writeHead(200, { 'content-length': 10 }).write('part', () => request.socket.end());
  });
  const seen = await run(server, (all) => all.length >= 30);
  const errors = new Set(seen.map(({ outcome }) => outcome.error));
  expect(errors).toEqual(new Set(['HTTP 503', 'ECONNRESET']));
});

test('reports that nothing listens', async () => {
  const server = await serve(() => {});
  const address = server.address();
  server.close();
  await once(server, 'close');
  server.address = () => address;
  const seen = await run(server, (all) => all.length >= 4);
  expect(new Set(seen.map(({ outcome }) => outcome.error))).toEqual(new Set(['ECONNREFUSED']));
});
