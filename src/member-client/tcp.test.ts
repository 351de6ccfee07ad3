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
  settled,
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
  const { probe, heard } = probeOf(engine, port);
  cleanups.push(() => probe.close());
  return { probe, heard };
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
  it('hears a living member at each beat and holds one connection', async () => {
    const { port, server } = await serve(talk);
    const { probe, heard } = start(port, engine);
    for (let beat = 0; beat < 5; beat++) {
      probe.beat();
      expect(await heard.next()).toEqual({ type: 'answer', rttMs: expect.any(Number) });
    }
    for (const socket of server.sockets.slice(0, -1)) await ended(socket);
    expect(server.open).toHaveLength(1);
  });

  it('tells a refused connection', async () => {
    const { probe, heard } = start(await freePort(), engine);
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'refused' });
  });

  it('asks anew at once when the held connection is closed', async () => {
    const { port, server } = await serve(talk);
    const { probe, heard } = start(port, engine);
    probe.beat();
    await heard.until('answer');
    await server.accepted(1);
    server.sockets[0]?.end();
    expect(await heard.next()).toMatchObject({ type: 'closed' });
    expect(await heard.next()).toMatchObject({ type: 'answer' });
  });

  it('says nothing and holds nothing after close', async () => {
    const { port, server } = await serve(talk);
    const { probe, heard } = start(port, engine);
    probe.beat();
    await heard.until('answer');
    await server.accepted(1);
    probe.beat();
    probe.close();
    await ended(server.sockets[0]);
    expect(heard.types).toEqual(['answer']);
  });
});

describe.each([
  ['bare', bare],
  ['with send and expect', ping],
])('the TCP probe %s', (_name, engine) => {
  it('hears the death of a process by itself: closed, then refused, and no beat in between', async () => {
    const { child, port } = await startProcess(programs.pong);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, heard } = start(port, engine);
    probe.beat();
    await heard.until('answer');
    child.kill('SIGKILL');
    await heard.until('refused');
    expect(heard.types[1]).toBe('closed');
    expect(heard.types.at(-1)).toBe('refused');
  });
});

describe('the TCP probe with send and expect', () => {
  it('uses one connection for all beats', async () => {
    const { port, server } = await serve(pong);
    const { probe, heard } = start(port, ping);
    for (let beat = 0; beat < 10; beat++) {
      probe.beat();
      await heard.until('answer');
    }
    expect(server.sockets).toHaveLength(1);
  });

  it('finds the expected text over several packets and behind other text', async () => {
    const { port } = await serve((socket) => {
      socket.setNoDelay();
      socket.write('# welcome\r\n');
      socket.on('data', () => {
        socket.write('+PO');
        setImmediate(() => socket.write('NG\r\n'));
      });
    });
    const { probe, heard } = start(port, ping);
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'answer' });
  });

  it('tells a wrong answer at the next beat, with the text, and asks again', async () => {
    const { port, server } = await serve((socket) => {
      let asked = 0;
      socket.on('data', () => socket.write(asked++ === 0 ? '-LOADING wait\r\n' : '+PONG\r\n'));
    });
    const { probe, heard } = start(port, ping);
    probe.beat();
    await server.accepted(1);
    await once(server.sockets[0]!, 'data');
    await settled(() => {
      probe.beat();
      return heard.types.includes('badAnswer');
    });
    const wrong = await heard.until('badAnswer');
    expect(wrong).toMatchObject({ message: expect.stringContaining('-LOADING wait') });
    await heard.until('answer');
  });

  it('does not read more than 64 KiB in search of it', async () => {
    const { port, server } = await serve((socket) => {
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', more);
      socket.once('data', more);
    });
    const { probe, heard } = start(port, ping);
    probe.beat();
    expect(await heard.next()).toMatchObject({ type: 'badAnswer' });
    await ended(server.sockets[0]);
  });

  it('hears a frozen process only when it thaws', async () => {
    const { child, port } = await startProcess(programs.pong);
    cleanups.push(() => child.kill('SIGKILL'));
    const { probe, heard } = start(port, ping);
    probe.beat();
    await heard.until('answer');
    child.kill('SIGSTOP');
    for (let beat = 0; beat < 20; beat++) probe.beat();
    const thawed = heard.until('answer');
    child.kill('SIGCONT');
    await thawed;
    expect(heard.types).toEqual(['answer', 'answer']);
  });
});

function pong(socket: Socket): void {
  socket.on('data', () => socket.write('+PONG\r\n'));
}
