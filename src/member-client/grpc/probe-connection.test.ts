import { once } from 'node:events';
import { type ServerHttp2Stream, createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import type { ProbeConnectionEvents } from '../probe-connection.ts';
import { freePort, untilTrue } from '../testing.ts';
import { grpcHealthConnection } from './health.ts';

/** Requests at times that the probe does not choose: a beat may come at any moment of the end of a connection. */
const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

function lineTo(port: number) {
  const told: string[] = [];
  const events: ProbeConnectionEvents = {
    answer: () => told.push('answer'),
    badAnswer: () => told.push('badAnswer'),
    refused: () => told.push('refused'),
    closed: () => told.push('closed'),
    unreachable: () => told.push('unreachable'),
    fault: () => told.push('fault'),
  };
  const target = { host: '127.0.0.1', port, engine: { type: 'GRPC' } as const };
  const line = grpcHealthConnection(target, systemClock, events);
  cleanups.push(() => line.close());
  return { line, told };
}

async function serve(onStream: (stream: ServerHttp2Stream, count: number) => void) {
  const server = createServer();
  const seen = { connections: 0, streams: 0 };
  server.on('session', (session) => {
    seen.connections++;
    cleanups.push(() => session.destroy());
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    onStream(stream, ++seen.streams);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return { port: (server.address() as AddressInfo).port, seen };
}

function answer(stream: ServerHttp2Stream) {
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
}

describe('a probe connection over gRPC', () => {
  it('abandons a request for the next one, over the same connection', async () => {
    const { port, seen } = await serve((stream, count) => count > 2 && answer(stream));
    const { line, told } = lineTo(port);
    for (let question = 1; question <= 3; question++) {
      line.ask();
      await untilTrue(() => seen.streams === question);
    }
    await untilTrue(() => told.length > 0);
    expect(told).toEqual(['answer']);
    expect(seen.connections).toBe(1);
  });

  it('opens another connection if the member has sent GOAWAY before its answer', async () => {
    let sentGoAway = false;
    const { port, seen } = await serve((stream, count) => {
      if (count > 1) return answer(stream);
      stream.session?.goaway();
      // Its answer shows that the GOAWAY was read before it.
      stream.session?.ping(() => (sentGoAway = true));
    });
    const { line, told } = lineTo(port);
    line.ask();
    await untilTrue(() => sentGoAway);
    line.ask();
    await untilTrue(() => told.length > 0);
    expect(told).toEqual(['answer']);
    expect(seen.connections).toBe(2);
  });

  it('may be asked at any moment while its connection ends', async () => {
    const { line, told } = lineTo(await freePort());
    for (let turn = 0; turn < 200; turn++) {
      line.ask();
      await new Promise(setImmediate);
      line.ask();
      await Promise.resolve();
    }
    await untilTrue(() => told.length > 0);
    expect(new Set(told)).toEqual(new Set(['refused']));
  });
});
