import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Order, OrderKind } from '../../protocol/member-protocol.ts';
import { sendOrder } from '../orders.ts';
import { TestServer, ended, freePort } from '../testing.ts';
import { type Call, type Handler, encodeReport, fail, serveGrpc } from './testing.ts';

const base = { member: 'db-1', uid: 'pod-1', epoch: 4, reason: 'Crash' };
const orders: { [K in OrderKind]: Order<K> } = {
  promote: { ...base, init: true, sync: { members: ['db-0', 'db-2'], acks: 1 } },
  follow: { ...base, leader: { member: 'db-0', host: '10.0.0.1', port: 5432 }, start: 0 },
  fence: base,
};
const report = { uid: 'pod-1', state: 'STATE_LEADING', epoch: 4, ledEpoch: 4 };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function serve(handler: Handler): Promise<number> {
  const { port, stop } = await serveGrpc({
    member: { Promote: handler, Follow: handler, Fence: handler },
  });
  cleanups.push(stop);
  return port;
}

const send = (port: number, more: object = {}, kind: OrderKind = 'promote') =>
  sendOrder(kind, orders[kind], {
    host: '127.0.0.1',
    port,
    grpc: true,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...more,
  });

describe('an order over gRPC', () => {
  it.each(['promote', 'follow', 'fence'] as const)(
    'to %s is a call of its own, and is answered with a report',
    async (kind) => {
      let seen: Call | undefined;
      const port = await serve((call, reply) => {
        seen = call;
        reply(null, report);
      });
      const headers = { 'haservice-lease': 'n 1000' };
      expect(await send(port, { headers }, kind)).toEqual({ ...report, state: 'Leading' });
      expect(seen?.getPath().toLowerCase()).toBe(`/haservice.member.v1.member/${kind}`);
      expect(seen?.request).toEqual(orders[kind]);
      expect(seen?.metadata.getMap()).toMatchObject({ ...headers, 'haservice-epoch': '4' });
    },
  );

  it('may be rejected, with a reason for programs and a message for people', async () => {
    const port = await serve((_call, reply) =>
      fail(reply, status.FAILED_PRECONDITION, 'has acknowledged 5', {
        'haservice-refusal': 'StaleEpoch',
        'haservice-report-bin': encodeReport(report),
      }),
    );
    await expect(send(port)).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_REFUSED',
      reason: 'StaleEpoch',
      message: expect.stringContaining('has acknowledged 5'),
    });
  });

  it.each<[string, Handler, RegExp]>([
    [
      'a rejection without a reason',
      (_, reply) => fail(reply, status.FAILED_PRECONDITION, 'no'),
      /FAILED_PRECONDITION: no/,
    ],
    [
      'a reason without a rejection',
      (_, reply) => fail(reply, status.INTERNAL, 'no', { 'haservice-refusal': 'Failed' }),
      /INTERNAL: no/,
    ],
    ['another status', (_, reply) => fail(reply, status.UNIMPLEMENTED, ''), /UNIMPLEMENTED/],
    ['no state', (_, reply) => reply(null, {}), /no report: state/],
    ['the report of another pod', (_, reply) => reply(null, { ...report, uid: 'pod-2' }), /pod-2/],
    ['too much', (_, reply) => reply(null, { leader: 'x'.repeat(70_000) }), /64 KiB/],
  ])('is not acknowledged by %s', async (_name, handler, message) => {
    await expect(send(await serve(handler))).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_ANSWER',
      message: expect.stringMatching(message),
    });
  });

  it('has a time limit, and then has no connection', async () => {
    const server = new TestServer(() => {});
    const port = await server.listen();
    cleanups.push(() => server.close());
    await expect(send(port, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_TIMEOUT',
    });
    await server.accepted(1);
    await ended(server.sockets[0]);
  });

  it.each([
    ['nothing listens', freePort],
    [
      'the connection is reset',
      async () => {
        const server = new TestServer((socket) =>
          socket.on('data', () => socket.resetAndDestroy()),
        );
        cleanups.push(() => server.close());
        return server.listen();
      },
    ],
  ])('is unreachable if %s', async (_name, port) => {
    await expect(send(await port())).rejects.toMatchObject({ code: 'HA_ERR_ORDER_UNREACHABLE' });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const port = await serve(() => stop.abort(new Error('over')));
    await expect(send(port, { signal: stop.signal })).rejects.toThrow('over');
    await expect(send(port, { signal: stop.signal })).rejects.toThrow('over');
  });
});
