import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineSpec } from '../../api/engine-spec.ts';
import { TestServer, ended, freePort, probeOf, startProcess } from '../testing.ts';
import { type Handler, fail, healthyProgram, serveGrpc } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(port: number, engine: EngineSpec = { type: 'GRPC' }) {
  const { probe, events } = probeOf(engine, port);
  cleanups.push(() => probe.close());
  return { probe, events };
}

async function serve(check?: Handler, engine?: EngineSpec) {
  const server = await serveGrpc(check === undefined ? { member: {} } : { check });
  cleanups.push(() => server.stop());
  return { server, ...start(server.port, engine) };
}

async function startHealthy() {
  const { child, port } = await startProcess(healthyProgram);
  cleanups.push(() => child.kill('SIGKILL'));
  return { child, ...start(port) };
}

async function serveRaw(talk: (socket: TestServer['sockets'][number], index: number) => void) {
  const server = new TestServer(talk);
  const port = await server.listen();
  cleanups.push(() => server.close());
  return { server, ...start(port) };
}

const serving: Handler = (_call, reply) => reply(null, 1);

describe('the gRPC probe', () => {
  it('asks for the health of the whole program over one connection', async () => {
    const asked: unknown[] = [];
    const { probe, events } = await serve((call, reply) => {
      asked.push([call.request, call.getPeer()]);
      reply(null, 1);
    });
    for (let beat = 0; beat < 5; beat++) {
      probe.beat();
      expect(await events.next()).toEqual({ type: 'answer', rttMs: expect.any(Number) });
    }
    const [first] = asked;
    expect(first).toEqual([{ service: '' }, expect.stringContaining('127.0.0.1:')]);
    expect(asked).toEqual(Array(5).fill(first));
  });

  it('asks for the configured service', async () => {
    let asked: unknown;
    const check: Handler = (call, reply) => {
      asked = call.request;
      reply(null, 1);
    };
    const { probe, events } = await serve(check, { type: 'GRPC', grpc: { service: 'shop.Cart' } });
    probe.beat();
    await events.until('answer');
    expect(asked).toEqual({ service: 'shop.Cart' });
  });

  it.each([
    [0, 'UNKNOWN'],
    [2, 'NOT_SERVING'],
    [3, 'SERVICE_UNKNOWN'],
    [9, '9'],
  ])('takes the serving status %d as a wrong answer, %s, and continues', async (value, name) => {
    let well = false;
    const { probe, events } = await serve((_call, reply) => reply(null, well ? 1 : value));
    probe.beat();
    const message = `the health of the program: ${name}`;
    expect(await events.next()).toEqual({ type: 'badAnswer', message });
    well = true;
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'answer' });
  });

  it.each([
    [status.NOT_FOUND, 'no such', /^NOT_FOUND: no such .*engine\.grpc\.service/],
    [status.UNAVAILABLE, 'wird geprüft\n', /UNAVAILABLE: wird geprüft\n$/],
    [status.INTERNAL, '', /INTERNAL$/],
  ])('takes the gRPC status %d as a wrong answer', async (code, details, message) => {
    const { probe, events } = await serve((_call, reply) => fail(reply, code, details));
    probe.beat();
    expect(await events.next()).toEqual({
      type: 'badAnswer',
      message: expect.stringMatching(message),
    });
  });

  it('says what to do if the program has no health service', async () => {
    const { probe, events } = await serve();
    probe.beat();
    expect(await events.next()).toEqual({
      type: 'badAnswer',
      message: expect.stringMatching(/UNIMPLEMENTED.*grpc\.health\.v1\.Health: add it/),
    });
  });

  it('reports nothing of a program that never answers, and tries a second connection', async () => {
    const peers: string[] = [];
    let wake = () => {};
    const { probe, events } = await serve((call) => {
      peers.push(call.getPeer());
      wake();
    });
    for (let beat = 1; beat <= 8; beat++) {
      probe.beat();
      while (peers.length < Math.min(beat, 2)) {
        await new Promise<void>((resolve) => (wake = resolve));
      }
    }
    expect(new Set(peers).size).toBeGreaterThan(1);
    expect(events.types).toEqual([]);
  });

  it('reports a refused connection', async () => {
    const { probe, events } = start(await freePort());
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'refused' });
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'refused' });
  });

  it('reports the death of a process without a beat: closed, then refused', async () => {
    const { child, probe, events } = await startHealthy();
    probe.beat();
    await events.until('answer');
    child.kill('SIGKILL');
    await events.until('refused');
    expect(events.types[1]).toBe('closed');
    expect(events.types.at(-1)).toBe('refused');
  });

  it('reports the death of a process that has not answered', async () => {
    const { child, probe, events } = await startHealthy();
    probe.beat();
    await events.until('answer');
    child.kill('SIGSTOP');
    probe.beat();
    child.kill('SIGKILL');
    await events.until('refused');
    expect(events.types[1]).toBe('closed');
  });

  it('reports nothing of a frozen process until it continues', async () => {
    const { child, probe, events } = await startHealthy();
    probe.beat();
    await events.until('answer');
    child.kill('SIGSTOP');
    for (let beat = 0; beat < 20; beat++) probe.beat();
    const thawed = events.until('answer');
    child.kill('SIGCONT');
    await thawed;
    expect(events.types).toEqual(['answer', 'answer']);
  });

  it('opens another connection at once, without a beat, if the member has reset its own', async () => {
    const { server, probe, events } = await serve(serving);
    probe.beat();
    await events.until('answer');
    server.stop();
    expect(await events.next()).toMatchObject({ type: 'closed' });
    expect(await events.next()).toMatchObject({ type: 'refused' });
  });

  it('reports a reset before any HTTP/2', async () => {
    const { probe, events } = await serveRaw((socket) => socket.resetAndDestroy());
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'closed' });
  });

  it('takes an answer that is not HTTP/2 as a wrong answer', async () => {
    const { probe, events } = await serveRaw((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(20))),
    );
    probe.beat();
    expect(await events.next()).toMatchObject({
      type: 'badAnswer',
      message: expect.stringContaining('not the HTTP/2 that was expected'),
    });
  });

  it('emits nothing and has no connection after close', async () => {
    const { server, probe, events } = await serveRaw(() => {});
    probe.beat();
    await server.accepted(1);
    probe.beat();
    await server.accepted(2);
    probe.close();
    await Promise.all(server.sockets.map(ended));
    expect(events.types).toEqual([]);
  });
});
