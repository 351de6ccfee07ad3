import { type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { sendOrder } from './orders.ts';
import { freePort, serveHttp } from './testing.ts';

const order = { member: 'db-1', uid: 'pod-1', epoch: 4, reason: 'Crash', init: false };
const report = { uid: 'pod-1', state: 'Leading', epoch: 4, ledEpoch: 4 } as const;

const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

const serve = (listener: RequestListener) => serveHttp(listener, cleanups);

const answer = (status: number, body: unknown) =>
  serve((_request, response) => response.writeHead(status).end(JSON.stringify(body)));

const send = (port: number, more: object = {}) =>
  sendOrder('promote', order, {
    host: '127.0.0.1',
    port,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
    ...more,
  });

describe('an order', () => {
  it('is a POST with what to do, and is answered with a report', async () => {
    let seen: unknown;
    const port = await serve((request, response) => {
      void text(request).then((body) => {
        const { method, url, headers } = request;
        seen = { method, url, lease: headers['haservice-lease'], body: JSON.parse(body) };
        response.end(JSON.stringify(report));
      });
    });
    const answered = await send(port, { headers: { 'haservice-lease': 'n 1000' } });
    expect(answered).toEqual(report);
    const url = '/haservice/v1/promote';
    expect(seen).toEqual({ method: 'POST', url, lease: 'n 1000', body: order });
  });

  it('may still be in progress', async () => {
    const starting = { ...report, state: 'Starting' };
    expect(await send(await answer(202, starting))).toEqual(starting);
  });

  it('may be rejected, with a reason for programs and a message for people', async () => {
    const port = await answer(409, { error: 'StaleEpoch', message: 'has acknowledged 5', report });
    await expect(send(port)).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_REFUSED',
      reason: 'StaleEpoch',
      message: expect.stringContaining('has acknowledged 5'),
    });
  });

  it.each([
    [409, 'no'],
    [500, { error: 'Failed' }],
    [404, report],
    [200, { ok: true }],
    [200, { ...report, uid: 'pod-2' }],
    [200, 'x'.repeat(70_000)],
  ])('is not acknowledged by an answer of %d %j', async (status, body) => {
    await expect(send(await answer(status, body))).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_ANSWER',
      status,
    });
  });

  it('has a time limit', async () => {
    const port = await serve(() => {});
    await expect(send(port, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_TIMEOUT',
    });
  });

  it('is unreachable if nothing listens', async () => {
    await expect(send(await freePort())).rejects.toMatchObject({
      code: 'HA_ERR_ORDER_UNREACHABLE',
    });
  });

  it('ends with the reason of its signal', async () => {
    const stop = new AbortController();
    const port = await serve(() => stop.abort(new Error('over')));
    await expect(send(port, { signal: stop.signal })).rejects.toThrow('over');
  });
});
