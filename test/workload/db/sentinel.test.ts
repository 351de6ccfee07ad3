import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { SentinelDatabase } from './sentinel.ts';

const port = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
const bulk = (texts: readonly string[]) =>
  `*${texts.length}\r\n${texts.map((text) => `$${text.length}\r\n${text}\r\n`).join('')}`;

async function listen(onData: (socket: Socket, text: string) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => onData(socket, data.toString()));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return server;
}

/** A Redis that only answers with its address. */
const redis = () =>
  listen((socket) => {
    const info = `id=1 laddr=127.0.0.1:${socket.localPort} name=`;
    socket.write(`$${info.length}\r\n${info}\r\n`);
  });

/** A Sentinel whose master can be changed, with or without a message to its listeners. */
async function sentinel(master: number) {
  const at = { master, asked: 0, listeners: [] as Socket[] };
  const server = await listen((socket, text) => {
    if (text.includes('SUBSCRIBE')) {
      at.listeners.push(socket);
      socket.write(`*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n`);
    } else {
      at.asked += 1;
      socket.write(bulk(['127.0.0.1', String(at.master)]));
    }
  });
  return { at, port: port(server) };
}

const options = {
  engine: 'redis',
  host: '',
  port: 0,
  acks: 0,
  ackMs: 0,
  run: 'test',
} as const;

function databaseOf(sentinels: readonly { port: number }[]) {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const addresses = sentinels.map((each) => ({ host: '127.0.0.1', port: each.port }));
  return new SentinelDatabase(options, addresses, 'mymaster', stop.signal);
}

const soon = () => AbortSignal.timeout(2_000);

it('connects to the master that a Sentinel names, even if another Sentinel is down', async () => {
  const master = await redis();
  const up = await sentinel(port(master));
  const session = await databaseOf([{ port: 1 }, up]).connect(soon());
  expect(session.answeredBy).toBe('127.0.0.1');
  expect(up.at.asked).toBe(1);
});

it('connects to another master as soon as a Sentinel announces it, without asking', async () => {
  const [first, second] = [await redis(), await redis()];
  const one = await sentinel(port(first));
  const database = databaseOf([one]);
  await database.connect(soon());
  await expect.poll(() => one.at.listeners.length).toBe(1);
  let reached = false;
  second.once('connection', () => (reached = true));
  const words = ['message', '+switch-master', `mymaster 127.0.0.1 1 127.0.0.1 ${port(second)}`];
  one.at.listeners[0]?.write(bulk(words));
  await expect
    .poll(async () => {
      await database.connect(soon());
      return reached;
    })
    .toBe(true);
  expect(one.at.asked).toBe(1);
});

it('asks again after a failure', async () => {
  const [first, second] = [await redis(), await redis()];
  const one = await sentinel(port(first));
  const database = databaseOf([one]);
  await database.connect(soon());
  one.at.master = port(second);
  let reached = false;
  second.once('connection', () => (reached = true));
  database.failed();
  await expect.poll(() => one.at.asked).toBe(2);
  await expect
    .poll(async () => {
      await database.connect(soon());
      return reached;
    })
    .toBe(true);
});
