import { once } from 'node:events';
import { type RequestListener, type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineSpec } from '../api/engine-spec.ts';
import type { Probe } from './probe.ts';
import {
  TestServer,
  ended,
  freePort,
  probeOf,
  programs,
  untilTrue,
  startProcess,
} from './testing.ts';

const http: EngineSpec = { type: 'HTTP' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(port: number, engine: EngineSpec = http) {
  const { probe, events } = probeOf(engine, port);
  cleanups.push(() => probe.close());
  return { probe, events };
}

async function serve(listener: RequestListener, options: { keepAliveTimeout?: number } = {}) {
  const server: Server = createServer(options, listener);
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, sockets, port: (server.address() as AddressInfo).port };
}

async function serveRaw(talk: (socket: Socket, index: number) => void) {
  const server = new TestServer(talk);
  const port = await server.listen();
  cleanups.push(() => server.close());
  return { server, port };
}

/** Beats until the probe has reported `count` answers, each beat after the answer to the one before. */
async function beats(probe: Probe, events: ReturnType<typeof start>['events'], count: number) {
  for (let beat = 0; beat < count; beat++) {
    probe.beat();
    await events.until('answer');
  }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('the HTTP probe', () => {
  it.each([200, 204, 302, 399])('takes status %d as a good answer', async (status) => {
    const { port } = await serve((_request, response) => response.writeHead(status).end());
    const { probe, events } = start(port);
    probe.beat();
    expect(await events.next()).toEqual({ type: 'answer', rttMs: expect.any(Number) });
  });

  it.each([400, 404, 500, 503])('takes status %d as a wrong answer', async (status) => {
    const { port } = await serve((_request, response) => response.writeHead(status).end('no'));
    const { probe, events } = start(port);
    probe.beat();
    expect(await events.next()).toEqual({ type: 'badAnswer', message: `HTTP ${status}` });
  });

  it('waits for the final answer after 103 Early Hints', async () => {
    const { port } = await serveRaw((socket) => {
      socket.on('data', () => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${ok}`));
    });
    const { probe, events } = start(port);
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'answer' });
    await beats(probe, events, 1);
    expect(events.types).toEqual(['answer', 'answer']);
  });

  it('takes an answer that is not HTTP as a wrong answer', async () => {
    const { port } = await serveRaw((socket) => socket.write('220 smtp.example ESMTP\r\n'));
    const { probe, events } = start(port);
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'badAnswer' });
  });

  it('sends the path and the Host header of the engine', async () => {
    const asked: unknown[] = [];
    const { port } = await serve((request, response) => {
      asked.push([request.method, request.url, request.headers.host]);
      response.end();
    });
    const engine: EngineSpec = { type: 'HTTP', http: { path: '/health?full', host: 'db.example' } };
    const { probe, events } = start(port, engine);
    await beats(probe, events, 1);
    expect(asked).toEqual([['GET', '/health?full', 'db.example']]);
  });

  it('uses one connection for many beats', async () => {
    const { port, sockets } = await serve((_request, response) => response.end('ok'));
    const { probe, events } = start(port);
    await beats(probe, events, 20);
    expect(sockets).toHaveLength(1);
    expect(events.events).toHaveLength(20);
  });

  it('opens and asks a new connection at once, without a beat, if the idle one is closed', async () => {
    const { port, sockets } = await serve((_request, response) => response.end('ok'));
    const { probe, events } = start(port);
    await beats(probe, events, 1);
    sockets[0]?.end();
    expect(await events.next()).toMatchObject({ type: 'closed' });
    expect(await events.next()).toMatchObject({ type: 'answer' });
    expect(sockets).toHaveLength(2);
  });

  it('asks again if the connection is closed before the answer', async () => {
    const { port } = await serveRaw((socket, index) => {
      socket.on('data', () => (index === 0 ? socket.destroy() : socket.write(ok)));
    });
    const { probe, events } = start(port);
    probe.beat();
    await events.until('answer');
    expect(events.types).toEqual(['closed', 'answer']);
  });

  it('waits for the next beat if every connection is closed', async () => {
    const { port, server } = await serveRaw((socket) => socket.on('data', () => socket.destroy()));
    const { probe, events } = start(port);
    probe.beat();
    for (let attempt = 0; attempt < 6; attempt++) await events.until('closed');
    probe.beat();
    for (let attempt = 0; attempt < 6; attempt++) await events.until('closed');
    expect(server.sockets).toHaveLength(12);
  });

  it('opens another connection at once if the server ends one at its request limit, as nginx does after 1,000', async () => {
    let requests = 0;
    const { port, sockets } = await serve((_request, response) => {
      if (++requests === 3) response.setHeader('connection', 'close');
      response.end('ok');
    });
    const { probe, events } = start(port);
    await beats(probe, events, 3);
    expect(await events.next()).toMatchObject({ type: 'answer' });
    expect(sockets).toHaveLength(2);
    expect(events.types).toEqual(Array(4).fill('answer'));
  });

  it('asks once a beat if the server ends its connection after each answer', async () => {
    let requests = 0;
    const { port, sockets } = await serve((_request, response) => {
      requests++;
      response.setHeader('connection', 'close').end('ok');
    });
    const { probe, events } = start(port);
    for (let beat = 1; beat <= 3; beat++) {
      probe.beat();
      await events.until('answer');
      await ended(sockets.at(-1));
    }
    expect(events.types).toEqual(['answer', 'answer', 'answer']);
    expect(requests).toBe(3);
  });

  it('reads 64 KiB of an answer, closes the connection, and asks again at the next beat', async () => {
    let cut = Promise.resolve<unknown>(undefined);
    let sent = 0;
    const { port } = await serve((_request, response) => {
      cut = once(response, 'close');
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    const { probe, events } = start(port);
    await beats(probe, events, 1);
    await cut;
    expect(sent).toBeLessThan(50_000_000);
    await beats(probe, events, 1);
    expect(events.types).toEqual(['answer', 'answer']);
  });

  it('does not wait for the end of an endless answer', async () => {
    const { port, sockets } = await serve((_request, response) => void response.write('data: 1\n'));
    const { probe, events } = start(port);
    await beats(probe, events, 3);
    expect(events.types).toEqual(['answer', 'answer', 'answer']);
    expect(sockets).toHaveLength(3);
  });

  it('reports a refused connection', async () => {
    const { probe, events } = start(await freePort());
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'refused' });
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'refused' });
  });

  it('reports the death of a process without a beat: closed, then refused', async () => {
    const { child, port } = await startProcess(programs.http);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, events } = start(port);
    await beats(probe, events, 3);
    child.kill('SIGKILL');
    await events.until('refused');
    const types = events.types.slice(3);
    expect(types[0]).toBe('closed');
    expect(types.at(-1)).toBe('refused');
    expect(types).not.toContain('answer');
  });

  it('reports nothing of a frozen process until it continues, and does not fill its backlog', async () => {
    const { child, port } = await startProcess(programs.http);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, events } = start(port);
    await beats(probe, events, 1);
    child.kill('SIGSTOP');
    for (let beat = 0; beat < 20; beat++) probe.beat();
    const thawed = events.until('answer');
    child.kill('SIGCONT');
    await thawed;
    expect(events.types).toEqual(['answer', 'answer']);
  });

  it('tries a second connection if the first is stuck, and continues with the one that answers', async () => {
    const { port, server } = await serveRaw((socket, index) => {
      if (index > 0) socket.on('data', () => socket.write(ok));
    });
    const { probe, events } = start(port);
    probe.beat();
    await server.accepted(1);
    probe.beat();
    await events.until('answer');
    await beats(probe, events, 5);
    await ended(server.sockets[0]);
    expect(server.sockets).toHaveLength(2);
    expect(server.open).toHaveLength(1);
  });

  it('sends no second request on a connection that has not answered the first', async () => {
    const questions: number[] = [];
    const { port, server } = await serveRaw((socket, index) => {
      questions[index] = 0;
      socket.on('data', (data) => (questions[index]! += data.toString().split('GET ').length - 1));
    });
    const { probe } = start(port);
    for (let beat = 1; beat <= 6; beat++) {
      probe.beat();
      await server.accepted(Math.min(beat, 2));
    }
    await untilTrue(() => questions[0] === 1 && questions.at(-1) === 1);
    expect(Math.max(...questions)).toBe(1);
  });

  it('emits nothing and has no connection after close', async () => {
    const { port, sockets } = await serve((_request, response) => response.end('ok'));
    const { probe, events } = start(port);
    await beats(probe, events, 1);
    probe.beat();
    probe.close();
    await ended(sockets[0]);
    expect(events.types).toEqual(['answer']);
  });
});
