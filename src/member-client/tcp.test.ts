import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineSpec } from '../api/engine-spec.ts';
import {
  TestServer,
  ended,
  freePort,
  probeOf,
  programs,
  untilTrue,
  startProcess,
} from './testing.ts';

const bare: EngineSpec = { type: 'TCP' };
const ping: EngineSpec = { type: 'TCP', tcp: { send: 'PING\r\n', expect: 'PONG' } };
const banner: EngineSpec = { type: 'TCP', tcp: { send: '', expect: '220 ' } };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function start(port: number, engine: EngineSpec) {
  const { probe, events } = probeOf(engine, port);
  cleanups.push(() => probe.close());
  return { probe, events };
}

async function serve(talk: (socket: Socket, index: number) => void) {
  const server = new TestServer(talk);
  const port = await server.listen();
  cleanups.push(() => server.close());
  return { server, port };
}

describe.each([
  ['bare', bare, (socket: Socket): void => void socket.resume()],
  ['with send and expect', ping, pong],
  ['with a banner', banner, (socket: Socket): void => void socket.write('220 ready\r\n')],
] as const)('the TCP probe %s', (_name, engine, talk) => {
  it('reports the answer of a member at each beat and holds one connection', async () => {
    const { port, server } = await serve(talk);
    const { probe, events } = start(port, engine);
    for (let beat = 0; beat < 5; beat++) {
      probe.beat();
      expect(await events.next()).toEqual({ type: 'answer', rttMs: expect.any(Number) });
    }
    for (const socket of server.sockets.slice(0, -1)) await ended(socket);
    expect(server.open).toHaveLength(1);
  });

  it('reports a refused connection', async () => {
    const { probe, events } = start(await freePort(), engine);
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'refused' });
  });

  it('asks again at once if the held connection is closed', async () => {
    const { port, server } = await serve(talk);
    const { probe, events } = start(port, engine);
    probe.beat();
    await events.until('answer');
    await server.accepted(1);
    server.sockets[0]?.end();
    expect(await events.next()).toMatchObject({ type: 'closed' });
    expect(await events.next()).toMatchObject({ type: 'answer' });
  });

  it('emits nothing and has no connection after close', async () => {
    const { port, server } = await serve(talk);
    const { probe, events } = start(port, engine);
    probe.beat();
    await events.until('answer');
    await server.accepted(1);
    probe.beat();
    probe.close();
    await ended(server.sockets[0]);
    expect(events.types).toEqual(['answer']);
  });
});

describe.each([
  ['bare', bare],
  ['with send and expect', ping],
])('the TCP probe %s', (_name, engine) => {
  it('reports the death of a process without a beat: closed, then refused', async () => {
    const { child, port } = await startProcess(programs.pong);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, events } = start(port, engine);
    probe.beat();
    await events.until('answer');
    child.kill('SIGKILL');
    await events.until('refused');
    expect(events.types[1]).toBe('closed');
    expect(events.types.at(-1)).toBe('refused');
  });
});

describe('the TCP probe with send and expect', () => {
  it('uses one connection for all beats', async () => {
    const { port, server } = await serve(pong);
    const { probe, events } = start(port, ping);
    for (let beat = 0; beat < 10; beat++) {
      probe.beat();
      await events.until('answer');
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('finds the expected text across packets and after other text', async () => {
    const { port } = await serve((socket) => {
      socket.setNoDelay();
      socket.write('# welcome\r\n');
      socket.on('data', () => {
        socket.write('+PO');
        setImmediate(() => socket.write('NG\r\n'));
      });
    });
    const { probe, events } = start(port, ping);
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'answer' });
  });

  it('reports a wrong answer at the next beat, with the text, and asks again', async () => {
    const { port, server } = await serve((socket) => {
      let asked = 0;
      socket.on('data', () => socket.write(asked++ === 0 ? '-LOADING wait\r\n' : '+PONG\r\n'));
    });
    const { probe, events } = start(port, ping);
    probe.beat();
    await server.accepted(1);
    await once(server.sockets[0]!, 'data');
    await untilTrue(() => {
      probe.beat();
      return events.types.includes('badAnswer');
    });
    const wrong = await events.until('badAnswer');
    expect(wrong).toMatchObject({ message: expect.stringContaining('-LOADING wait') });
    await events.until('answer');
  });

  it('reads at most 64 KiB in search of the expected text', async () => {
    const { port, server } = await serve((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', more);
      socket.once('data', more);
    });
    const { probe, events } = start(port, ping);
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'badAnswer' });
    await ended(server.sockets[0]);
  });

  it('reports the answer of a frozen process only once it continues', async () => {
    const { child, port } = await startProcess(programs.pong);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, events } = start(port, ping);
    probe.beat();
    await events.until('answer');
    child.kill('SIGSTOP');
    for (let beat = 0; beat < 20; beat++) probe.beat();
    const thawed = events.until('answer');
    child.kill('SIGCONT');
    await thawed;
    expect(events.types).toEqual(['answer', 'answer']);
  });
});

function pong(socket: Socket): void {
  socket.on('data', () => socket.write('+PONG\r\n'));
}
