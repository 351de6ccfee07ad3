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
  const { probe, heard } = probeOf(engine, port);
  cleanups.push(() => probe.close());
  return { probe, heard };
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
    const { probe, heard } = await serve((call, reply) => {
      asked.push([call.request, call.getPeer()]);
      reply(null, 1);
    });
    for (let beat = 0; beat < 5; beat++) {
      probe.beat();
      expect(await heard.next()).toEqual({ type: 'answer', rttMs: expect.any(Number) });
    }
    const [first] = asked;
    expect(first).toEqual([{ service: '' }, expect.stringContaining('127.0.0.1:')]);
    expect(asked).toEqual(Array(5).fill(first));
  });

  it('asks for the service that is named', async () => {
    let asked: unknown;
    const check: Handler = (call, reply) => {
      asked = call.request;
      reply(null, 1);
    };
    const { probe, heard } = await serve(check, { type: 'GRPC', grpc: { service: 'shop.Cart' } });
    probe.beat();
    await heard.until('answer');
    expect(asked).toEqual({ service: 'shop.Cart' });
  });

  it.each([
    [0, 'UNKNOWN'],
    [2, 'NOT_SERVING'],
    [3, 'SERVICE_UNKNOWN'],
    [9, '9'],
  ])('hears a status of %d as a wrong answer, %s, and goes on', async (value, name) => {
    let well = false;
    const { probe, heard } = await serve((_call, reply) => reply(null, well ? 1 : value));
    probe.beat();
    const message = `the health of the program: ${name}`;
    expect(await heard.next()).toEqual({ type: 'badAnswer', message });
    well = true;
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'answer' });
  });

  it.each([
    [status.NOT_FOUND, 'no such', /^NOT_FOUND: no such .*engine\.grpc\.service/],
    [status.UNAVAILABLE, 'wird geprüft\n', /UNAVAILABLE: wird geprüft\n$/],
    [status.INTERNAL, '', /INTERNAL$/],
  ])('hears the gRPC status %d as a wrong answer', async (code, details, message) => {
    const { probe, heard } = await serve((_call, reply) => fail(reply, code, details));
    probe.beat();
    expect(await heard.next()).toEqual({
      type: 'badAnswer',
      message: expect.stringMatching(message),
    });
  });

  it('says what to do where the program has no health service', async () => {
    const { probe, heard } = await serve();
    probe.beat();
    expect(await heard.next()).toEqual({
      type: 'badAnswer',
      message: expect.stringMatching(/UNIMPLEMENTED.*grpc\.health\.v1\.Health: add it/),
    });
  });

  it('hears nothing of a program that never answers, and tries a second connection', async () => {
    const peers: string[] = [];
    let wake = () => {};
    const { probe, heard } = await serve((call) => {
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
    expect(heard.types).toEqual([]);
  });

  it('tells a refused connection', async () => {
    const { probe, heard } = start(await freePort());
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'refused' });
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'refused' });
  });

  it('hears the death of a process by itself: closed, then refused, and no beat in between', async () => {
    const { child, probe, heard } = await startHealthy();
    probe.beat();
    await heard.until('answer');
    child.kill('SIGKILL');
    await heard.until('refused');
    expect(heard.types[1]).toBe('closed');
    expect(heard.types.at(-1)).toBe('refused');
  });

  it('hears the death of a process that has not answered', async () => {
    const { child, probe, heard } = await startHealthy();
    probe.beat();
    await heard.until('answer');
    child.kill('SIGSTOP');
    probe.beat();
    child.kill('SIGKILL');
    await heard.until('refused');
    expect(heard.types[1]).toBe('closed');
  });

  it('hears nothing of a frozen process until it thaws', async () => {
    const { child, probe, heard } = await startHealthy();
    probe.beat();
    await heard.until('answer');
    child.kill('SIGSTOP');
    for (let beat = 0; beat < 20; beat++) probe.beat();
    const thawed = heard.until('answer');
    child.kill('SIGCONT');
    await thawed;
    expect(heard.types).toEqual(['answer', 'answer']);
  });

  it('opens another connection at once, without a beat, where the member has reset its own', async () => {
    const { server, probe, heard } = await serve(serving);
    probe.beat();
    await heard.until('answer');
    server.stop();
    expect(await heard.next()).toMatchObject({ type: 'closed' });
    expect(await heard.next()).toMatchObject({ type: 'refused' });
  });

  it('tells a reset before a word of HTTP/2', async () => {
    const { probe, heard } = await serveRaw((socket) => socket.resetAndDestroy());
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'closed' });
  });

  it('hears what is not HTTP/2 as a wrong answer', async () => {
    const { probe, heard } = await serveRaw((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(20))),
    );
    probe.beat();
    expect(await heard.next()).toMatchObject({
      type: 'badAnswer',
      message: expect.stringContaining('not the HTTP/2 that was expected'),
    });
  });

  it('says nothing and holds nothing after close', async () => {
    const { server, probe, heard } = await serveRaw(() => {});
    probe.beat();
    await server.accepted(1);
    probe.beat();
    await server.accepted(2);
    probe.close();
    await Promise.all(server.sockets.map(ended));
    expect(heard.types).toEqual([]);
  });
});
