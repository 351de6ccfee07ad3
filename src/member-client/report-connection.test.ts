import { once } from 'node:events';
import { type RequestListener, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { createProbe } from './create-probe.ts';
import { ProbeEvents } from './testing.ts';

const report = { uid: 'pod-1', state: 'Following', epoch: 3, ledEpoch: 0, linked: true } as const;

const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

async function start(listener: RequestListener, headers = () => ({})) {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => connections++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const events = new ProbeEvents();
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, engine: { type: 'Redis' } as const };
  const protocol = { uid: 'pod-1', headers };
  const probe = createProbe({ ...target, protocol }, systemClock, events.add);
  cleanups.push(() => {
    probe.close();
    server.closeAllConnections();
    server.close();
  });
  return { probe, events, connections: () => connections };
}

const answering = (status: number, body: unknown) =>
  start((_request, response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)),
  );

describe('a member that speaks the member protocol', () => {
  it('is asked for its report over one connection, with headers made anew for each request', async () => {
    const seen: unknown[] = [];
    let epoch = 6;
    const { probe, events, connections } = await start(
      (request, response) => {
        seen.push([request.method, request.url, request.headers['haservice-epoch']]);
        response.end(JSON.stringify(report));
      },
      () => ({ 'haservice-epoch': String(++epoch) }),
    );
    for (let beat = 0; beat < 3; beat++) {
      probe.beat();
      expect(await events.next()).toEqual({ type: 'answer', rttMs: expect.any(Number), report });
    }
    const path = '/haservice/v1/status';
    expect(seen).toEqual(['7', '8', '9'].map((value) => ['GET', path, value]));
    expect(connections()).toBe(1);
  });

  it('has not answered before its report is complete', async () => {
    let response: ServerResponse | undefined;
    const { probe, events, connections } = await start((_request, asked) => {
      asked.write('{"state":');
      response ??= asked;
    });
    probe.beat();
    while (response === undefined) await new Promise(setImmediate);
    // Half a report is no answer: a second connection is tried.
    probe.beat();
    while (connections() < 2) await new Promise(setImmediate);
    expect(events.types).toEqual([]);
    response.end('"Empty","epoch":0}');
    expect(await events.next()).toMatchObject({ type: 'answer', report: { state: 'Empty' } });
  });

  it('answers 503 with its problem, and the report counts all the same', async () => {
    const problem = { reason: 'DiskFull', message: 'no space is left: make the volume larger' };
    const { probe, events } = await answering(503, { ...report, problem });
    probe.beat();
    expect(await events.next()).toEqual({
      type: 'badAnswer',
      message: problem.message,
      report: { ...report, problem },
    });
  });

  it('is not mistaken for another pod at its address', async () => {
    const { probe, events } = await answering(200, { ...report, uid: 'pod-2' });
    probe.beat();
    const event = await events.next();
    expect(event).toMatchObject({ type: 'badAnswer', message: expect.stringMatching(/pod-2/) });
    expect(event).not.toHaveProperty('report');
  });

  it.each([
    ['a page', 200, '<html>It works!</html>', 'It works!'],
    ['another status', 404, '', 'HTTP 404'],
    ['another status with a report', 500, report, 'HTTP 500'],
    ['a report of another kind', 200, { ...report, state: 'Primary' }, 'state'],
    [
      'an epoch that no operator reaches',
      200,
      { ...report, epoch: 1_000_000_001 },
      'above 1000000000',
    ],
    [
      'a led epoch that no operator reaches',
      200,
      { ...report, ledEpoch: 1_000_000_001 },
      'above 1000000000',
    ],
    ['an endless text', 200, 'x'.repeat(70_000), '64 KiB'],
  ])('does not answer with %s', async (_name, status, body, message) => {
    const { probe, events } = await answering(status, body);
    probe.beat();
    const event = await events.next();
    expect(event).toEqual({ type: 'badAnswer', message: expect.stringContaining(message) });
    expect((event as { message: string }).message.length).toBeLessThan(300);
  });
});
