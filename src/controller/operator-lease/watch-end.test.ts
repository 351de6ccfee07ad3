import { once } from 'node:events';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { watchEnd } from './watch-end.ts';

let stop = () => {};
afterEach(() => stop());

async function listen() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, sockets, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

it('tells once that nothing listens at the address any more', async () => {
  const { server, sockets, address } = await listen();
  const onEnd = vi.fn();
  const connected = once(server, 'connection');
  stop = watchEnd(systemClock, address, onEnd);
  await connected;
  expect(onEnd).not.toHaveBeenCalled();
  server.close();
  sockets[0]?.resetAndDestroy();
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce());
});

it('connects again if the other side only closes the connection, and takes that for no end', async () => {
  const { server, sockets, address } = await listen();
  const onEnd = vi.fn();
  const first = once(server, 'connection');
  stop = watchEnd(systemClock, address, onEnd);
  await first;
  const second = once(server, 'connection');
  sockets[0]?.end();
  await second;
  expect(onEnd).not.toHaveBeenCalled();
  const third = once(server, 'connection');
  sockets[1]?.resetAndDestroy();
  await third;
  expect(onEnd).not.toHaveBeenCalled();
  stop();
  server.close();
  sockets[2]?.destroy();
  await once(server, 'close');
  expect(onEnd).not.toHaveBeenCalled();
});

it('takes no refusal for an end before anything has listened: a NetworkPolicy may refuse, too', async () => {
  const { server, address } = await listen();
  server.close();
  await once(server, 'close');
  const onEnd = vi.fn();
  const after = vi.fn(() => () => {});
  stop = watchEnd({ ...systemClock, after }, address, onEnd);
  await vi.waitFor(() => expect(after).toHaveBeenCalled());
  expect(onEnd).not.toHaveBeenCalled();
});

it.each(['', 'nonsense', ':80', '10.0.0.1:'])('takes %j for no address', (address) => {
  const onEnd = vi.fn();
  stop = watchEnd(systemClock, address, onEnd);
  expect(onEnd).not.toHaveBeenCalled();
});
