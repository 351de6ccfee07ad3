import { once } from 'node:events';
import { type ServerHttp2Stream, type ServerHttp2Session, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { probeOf } from '../testing.ts';

/** Servers that violate gRPC: the official library would not allow that. */
const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

async function serve(answer: (stream: ServerHttp2Stream, count: number) => void) {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  let count = 0;
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream, ++count);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { probe, events } = probeOf({ type: 'GRPC' }, (server.address() as AddressInfo).port);
  cleanups.push(() => {
    probe.close();
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { probe, events, sessions };
}

const message = (...bytes: number[]) => Buffer.from([0, 0, 0, 0, bytes.length, ...bytes]);
const serving = message(8, 1);

/** Answers as gRPC does, but with this body and these trailers. */
function send(stream: ServerHttp2Stream, body: Buffer, trailers: object = { 'grpc-status': '0' }) {
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ ...trailers }));
  stream.end(body);
}

describe('an answer over HTTP/2', () => {
  it.each<[string, (stream: ServerHttp2Stream) => void, RegExp]>([
    ['is a page', (stream) => stream.respond({ ':status': 404 }, { endStream: true }), /HTTP 404/],
    [
      'has no trailers',
      (stream) => (stream.respond({ ':status': 200 }), stream.end(serving)),
      /HTTP 200/,
    ],
    [
      'has a status of another kind',
      (stream) => send(stream, serving, { 'grpc-status': 'OK' }),
      /HTTP 200/,
    ],
    ['has no message', (stream) => send(stream, Buffer.alloc(0)), /no message/],
    [
      'is compressed',
      (stream) => send(stream, Buffer.from([1, ...serving.subarray(1)])),
      /compressed/,
    ],
    ['is cut short', (stream) => send(stream, serving.subarray(0, 6)), /not one message/],
    [
      'has two messages',
      (stream) => send(stream, Buffer.concat([serving, serving])),
      /not one message/,
    ],
    ['is of another kind', (stream) => send(stream, message(8)), /no HealthCheckResponse/],
    ['has no end', (stream) => send(stream, Buffer.alloc(70_000)), /64 KiB/],
    ['is a reset of the call', (stream) => stream.close(2), /reset of the call.*error 2/],
    ['cancels the call', (stream) => stream.close(8), /reset of the call.*error 8/],
    ['has a new status', (stream) => send(stream, serving, { 'grpc-status': '77' }), /status 77/],
    [
      'has a badly escaped message',
      (stream) => send(stream, serving, { 'grpc-status': '13', 'grpc-message': '100%' }),
      /INTERNAL: 100%/,
    ],
  ])('that %s is wrong, and the connection stays usable', async (_name, answer, text) => {
    const { probe, events, sessions } = await serve((stream, count) =>
      count === 1 ? answer(stream) : send(stream, serving),
    );
    probe.beat();
    expect(await events.next()).toEqual({
      type: 'badAnswer',
      message: expect.stringMatching(text),
    });
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'answer' });
    expect(sessions).toHaveLength(1);
  });

  it('counts after a GOAWAY, and the next request goes over a new connection at once', async () => {
    const { probe, events, sessions } = await serve((stream, count) => {
      if (count === 1) stream.session?.close();
      send(stream, serving);
    });
    probe.beat();
    await events.until('closed');
    await events.until('answer');
    expect(events.types).toEqual(['answer', 'closed', 'answer']);
    expect(sessions).toHaveLength(2);
  });

  it('is requested over a new connection at once after a GOAWAY on an idle connection that the member leaves open', async () => {
    const { probe, events, sessions } = await serve((stream) => send(stream, serving));
    probe.beat();
    await events.until('answer');
    sessions[0]?.goaway();
    await events.until('answer');
    expect(events.types).toEqual(['answer', 'closed', 'answer']);
    expect(sessions).toHaveLength(2);
  });

  it('is requested again at once if the request has crossed a GOAWAY', async () => {
    const { probe, events, sessions } = await serve((stream, count) => {
      // Stream 1 was the last that the server has processed.
      if (count === 2) stream.session?.goaway(0, 1);
      else send(stream, serving);
    });
    probe.beat();
    await events.until('answer');
    probe.beat();
    await events.until('answer');
    expect(events.types).toEqual(['answer', 'closed', 'answer']);
    expect(sessions).toHaveLength(2);
  });

  it('may be the end of the connection with an error', async () => {
    const { probe, events } = await serve((stream, count) => {
      if (count === 1) stream.session?.destroy(undefined, 11);
      else send(stream, serving);
    });
    probe.beat();
    expect(await events.next()).toMatchObject({ type: 'closed' });
    expect(await events.next()).toMatchObject({ type: 'answer' });
  });
});
