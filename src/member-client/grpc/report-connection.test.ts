import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { createProbe } from '../create-probe.ts';
import { ProbeEvents } from '../testing.ts';
import { type Handler, encodeReport, fail, serveGrpc } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

async function serve(answer: Handler | undefined, headers = () => ({})) {
  const { port, stop } = await serveGrpc(
    answer === undefined ? { check: () => {} } : { member: { Status: answer } },
  );
  const events = new ProbeEvents();
  const target = { host: '127.0.0.1', port, engine: { type: 'GRPC' } as const };
  const protocol = { uid: 'pod-1', grpc: true, headers };
  const probe = createProbe({ ...target, protocol }, systemClock, events.add);
  cleanups.push(
    () => probe.close(),
    () => stop(),
  );
  return { probe, events };
}

const following = { uid: 'pod-1', state: 'STATE_FOLLOWING', epoch: 3 };
const full = {
  ...following,
  ledEpoch: 2,
  leader: 'db-0',
  linked: false,
  position: { term: 2, offset: 2 ** 45 },
  lagMs: 0,
  sync: { members: ['db-1', 'db-2'], acks: 1 },
  identity: 'set-1',
  loss: { epoch: 3, bytes: 0, transactions: 4, message: 'in /data/lost' },
  nonce: 'n1',
};

describe('a member that speaks the member protocol over gRPC', () => {
  it('is asked for its report with metadata made anew for each request', async () => {
    const seen: unknown[] = [];
    let epoch = 6;
    const { probe, events } = await serve(
      (call, reply) => {
        seen.push(call.metadata.get('haservice-epoch'));
        reply(null, full);
      },
      () => ({ 'haservice-epoch': String(++epoch) }),
    );
    const report = { ...full, state: 'Following' };
    for (let beat = 0; beat < 3; beat++) {
      probe.beat();
      expect(await events.next()).toEqual({ type: 'answer', rttMs: expect.any(Number), report });
    }
    expect(seen).toEqual([['7'], ['8'], ['9']]);
  });

  it('may leave out what is not known', async () => {
    const { probe, events } = await serve((_call, reply) => reply(null, { state: 'STATE_EMPTY' }));
    probe.beat();
    expect(await events.next()).toEqual({
      type: 'answer',
      rttMs: expect.any(Number),
      report: { state: 'Empty', epoch: 0, ledEpoch: 0 },
    });
  });

  it.each(['Empty', 'Starting', 'Cloning', 'Detached', 'Following', 'Leading'])(
    'may be %s',
    async (state) => {
      const { probe, events } = await serve((_call, reply) =>
        reply(null, { state: `STATE_${state.toUpperCase()}` }),
      );
      probe.beat();
      expect(await events.next()).toMatchObject({ type: 'answer', report: { state } });
    },
  );

  it('answers UNAVAILABLE with its problem, and the report counts all the same', async () => {
    const problem = { reason: 'DiskFull', message: 'no space is left: make the volume larger' };
    const { probe, events } = await serve((_call, reply) =>
      fail(reply, status.UNAVAILABLE, 'not well', {
        'haservice-report-bin': encodeReport({ ...following, problem }),
      }),
    );
    probe.beat();
    const report = { uid: 'pod-1', state: 'Following', epoch: 3, ledEpoch: 0, problem };
    expect(await events.next()).toEqual({ type: 'badAnswer', message: problem.message, report });
  });

  it('is not mistaken for another pod at its address', async () => {
    const { probe, events } = await serve((_call, reply) =>
      reply(null, { ...following, uid: 'pod-2' }),
    );
    probe.beat();
    const event = await events.next();
    expect(event).toMatchObject({ type: 'badAnswer', message: expect.stringMatching(/pod-2/) });
    expect(event).not.toHaveProperty('report');
  });

  const withReport = (code: status) => (report: Buffer) => {
    const handler: Handler = (_call, reply) =>
      fail(reply, code, 'so it is', { 'haservice-report-bin': report });
    return handler;
  };
  it.each<[string, Handler | undefined, RegExp]>([
    ['no state', (_call, reply) => reply(null, { epoch: 3 }), /state: /],
    ['no report', (_call, reply) => fail(reply, status.UNAVAILABLE, 'sorry'), /UNAVAILABLE: sorry/],
    ['no service', undefined, /UNIMPLEMENTED/],
    [
      'a report with another status',
      withReport(status.INTERNAL)(encodeReport(full)),
      /INTERNAL: so/,
    ],
    ['another message', withReport(status.UNAVAILABLE)(Buffer.from('page')), /without a report: /],
    ['an endless text', (_call, reply) => reply(null, { leader: 'x'.repeat(70_000) }), /64 KiB/],
  ])('does not answer with %s', async (_name, handler, message) => {
    const { probe, events } = await serve(handler);
    probe.beat();
    const event = await events.next();
    expect(event).toEqual({ type: 'badAnswer', message: expect.stringMatching(message) });
  });
});
