import { once } from 'node:events';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Transport } from '../api/pod-contract.ts';
import { systemClock } from '../lib/clock.ts';
import { serveGrpc } from '../member-client/grpc/testing.ts';
import { silentLog } from '../lib/log.ts';
import { HeartbeatMonitor, type MonitorConfig } from './monitor.ts';

const key = 'shop/db';
let server: Server;
let sockets: Socket[];
let port: number;
let said: object | undefined;
let status: number;
let asked: IncomingHttpHeaders[];
let monitor: HeartbeatMonitor;
let changes: number;
let answers: number;
let wake = () => {};

/** A member that answers with the report of the test; undefined: with something that is no report. */
beforeEach(async () => {
  said = { state: 'Following', epoch: 1, position: { term: 1, offset: 5 } };
  status = 200;
  asked = [];
  sockets = [];
  changes = 0;
  answers = 0;
  server = createServer((request, response) => {
    asked.push(request.headers);
    const nonce = `n${asked.length}`;
    const body = said === undefined ? 'x' : JSON.stringify({ ...said, nonce });
    response.writeHead(status).end(body);
  });
  server.on('connection', (socket) => sockets.push(socket));
  await listen(0);
  port = (server.address() as AddressInfo).port;
  monitor = new HeartbeatMonitor({
    clock: systemClock,
    log: silentLog,
    mayGrant: () => true,
    metrics: {
      heartbeat: () => {
        answers++;
        wake();
      },
      roundTrip: () => {},
      stalled: () => {},
    },
    onChange: () => {
      changes++;
      wake();
    },
  });
});
afterEach(() => {
  monitor.close();
  kill();
});

async function listen(at: number) {
  server.listen(at, '127.0.0.1');
  await once(server, 'listening');
}
function kill() {
  server.close();
  for (const socket of sockets) socket.resetAndDestroy();
}

const hear = (
  protocol: MonitorConfig['protocol'] = { epoch: 1 },
  intervalMs = 10,
  made: { transport?: Transport; leaseMs?: number } = {},
) => {
  const detector = {
    kind: 'Deadline',
    timeoutMs: 60_000,
    phiThreshold: 8,
    failureThreshold: 3,
    intervalMs,
  } as const;
  const contact = { engine: { type: 'Redis' }, transport: 'http', ...made } as const;
  const member = { uid: 'a', name: 'db-0', host: '127.0.0.1', port, ...contact };
  monitor.setMembers(key, [member], { detector, protocol });
};
const health = () => monitor.health(key, 'a');
const until = async (done: () => boolean) => {
  while (!done()) await new Promise<void>((resolve) => (wake = resolve));
};
const beats = (count: number) => {
  const from = answers;
  return until(() => answers >= from + count);
};

describe('the report of a member', () => {
  it('is part of its health, and a change is passed on at once', async () => {
    hear();
    await until(() => health()?.verdict === 'Healthy');
    expect(health()).toMatchObject({ report: said, reportedAtMs: expect.any(Number) });
    said = { ...said, position: { term: 1, offset: 9 } };
    await until(() => health()?.report?.position?.offset === 9);
    const before = changes;
    said = { ...said, epoch: 2, state: 'Leading' };
    await until(() => changes > before && health()?.report?.epoch === 2);
    expect(health()?.report?.state).toBe('Leading');
  });

  it('may be read over gRPC', async () => {
    const member = await serveGrpc({
      member: { Status: (_call, reply) => reply(null, { state: 'STATE_EMPTY', epoch: 4 }) },
    });
    ({ port } = member);
    hear({ epoch: 1 }, 10, { transport: 'grpc' });
    await until(() => health()?.verdict === 'Healthy');
    expect(health()).toMatchObject({ report: { state: 'Empty', epoch: 4 } });
    member.stop();
    await until(() => health()?.verdict === 'Dead');
  });

  it('counts also if the member is not well', async () => {
    hear();
    await until(() => health()?.verdict === 'Healthy');
    said = { state: 'Detached', epoch: 1, problem: { reason: 'DiskFull', message: 'no space' } };
    status = 503;
    await until(() => health()?.verdict === 'Unhealthy');
    expect(health()).toMatchObject({ report: said, message: expect.stringContaining('no space') });
  });

  it('is kept for a dead process, but does not apply to the next one', async () => {
    hear();
    await until(() => health()?.verdict === 'Healthy');
    kill();
    await until(() => health()?.verdict === 'Dead');
    expect(health()?.report?.state).toBe('Following');
    said = undefined;
    await listen(port);
    await until(() => health()?.report === undefined);
    said = { state: 'Detached', epoch: 1 };
    await until(() => health()?.verdict === 'Healthy');
    expect(health()).toMatchObject({ generation: 1, report: said });
  });

  it('in the answer to an order counts at once, but not if it is of another pod', async () => {
    hear();
    await until(() => health()?.verdict === 'Healthy');
    const report = { state: 'Leading', epoch: 7, ledEpoch: 7 } as const;
    monitor.reported(key, 'a', { ...report, uid: 'b' });
    expect(health()?.report?.epoch).toBe(1);
    monitor.reported(key, 'a', { ...report, uid: 'a' });
    expect(health()?.report).toMatchObject(report);
  });
});

describe('a heartbeat', () => {
  it('sends the epoch, and a change of the epoch does not close the connection', async () => {
    // A late answer makes the probe open a second connection: on a busy machine 10 ms would be too short.
    const intervalMs = 200;
    hear({ epoch: 1 }, intervalMs);
    await until(() => health()?.verdict === 'Healthy');
    hear({ epoch: 2 }, intervalMs);
    await beats(2);
    expect(asked[0]?.['haservice-epoch']).toBe('1');
    expect(asked.at(-1)?.['haservice-epoch']).toBe('2');
    expect(asked.at(-1)).not.toHaveProperty('haservice-lease');
    expect(sockets).toHaveLength(1);
  });

  it('grants a lease to its holder alone, with the nonce of the last report', async () => {
    monitor.podCreated('a');
    hear({ epoch: 1, leaseHolder: 'a' }, 10, { leaseMs: 30_000 });
    await beats(4);
    const leases = asked.map((headers) => headers['haservice-lease']);
    expect(leases[0]).toBeUndefined();
    expect(leases).toContain('n1 30000');
    expect(leases.at(-1)).toMatch(/^n[1-9] 30000$/);
    expect(monitor.grant(key, 'a')).toEqual({ 'haservice-lease': expect.stringMatching(/^n/) });
    hear({ epoch: 2, leaseHolder: 'b' }, 10, { leaseMs: 30_000 });
    // Requests that are already on their way do not count.
    const from = asked.length + 3;
    await until(() => asked.length > from + 2);
    expect(asked.slice(from).some((headers) => 'haservice-lease' in headers)).toBe(false);
    expect(monitor.grant(key, 'a')).toEqual({});
    const endsInMs = monitor.leaseEndsInMs('a', 30_000);
    expect(endsInMs).toBeGreaterThan(0);
    expect(endsInMs).toBeLessThanOrEqual(30_000 * 1.01 + 50);
  });

  it('grants no lease to a member that is not well', async () => {
    hear({ epoch: 1, leaseHolder: 'a' }, 10, { leaseMs: 30_000 });
    await beats(2);
    status = 503;
    await until(() => health()?.verdict === 'Unhealthy');
    // Requests that are already on their way do not count.
    const from = asked.length + 3;
    await until(() => asked.length > from + 2);
    expect(asked.slice(from).some((headers) => 'haservice-lease' in headers)).toBe(false);
  });

  it('grants none to a member that was made without one', async () => {
    hear({ epoch: 1, leaseHolder: 'a' });
    await beats(4);
    expect(asked.some((headers) => 'haservice-lease' in headers)).toBe(false);
  });

  it('renews a lease in time, although the spec has come to ask for few heartbeats', async () => {
    monitor.podCreated('a');
    const sinceMs = Date.now();
    hear({ epoch: 1, leaseHolder: 'a' }, 20_000, { leaseMs: 60 });
    await beats(5);
    expect(Date.now() - sinceMs).toBeLessThan(20_000);
  });
});
