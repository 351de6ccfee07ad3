import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Client } from 'undici';
import { highestEpoch } from '../api/epoch.ts';
import { HAError } from '../api/errors.ts';
import { type Clock, systemClock } from '../lib/clock.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { untilTrue } from '../member-client/testing.ts';
import { silentLog } from '../lib/log.ts';
import { startAgent } from './agent.ts';
import { type Acknowledged, nothingAcknowledged } from './epoch-check.ts';
import type { PasswordFile } from './password-file.ts';
import { FakeEngine, FakeEpochStore, passwordIn, reportOf } from './testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start({
  leaseMs,
  acknowledged = nothingAcknowledged,
  clock = systemClock,
  password,
}: {
  leaseMs?: number;
  acknowledged?: Acknowledged;
  clock?: Clock;
  password?: PasswordFile;
} = {}) {
  const engine = new FakeEngine();
  const epochStore = new FakeEpochStore();
  let exited: (code: number) => void = () => {};
  const exit = new Promise<number>((resolve) => (exited = resolve));
  const agent = await startAgent({
    leadsOnce: true,
    pod: { name: 'web-0', uid: 'uid-0' },
    port: 0,
    host: '127.0.0.1',
    engine,
    password,
    leaseMs,
    epochStore,
    acknowledged,
    clock,
    log: silentLog,
    exit: (code) => exited(code),
  });
  const client = new Client(`http://127.0.0.1:${agent.port}`);
  cleanups.push(async () => {
    await agent.stop('end of the test');
    await client.destroy();
  });
  const call = async (
    name: string,
    {
      method = 'POST',
      body,
      headers,
    }: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const path = `/haservice/v1/${name}`;
    const answer = await client.request({
      path,
      method,
      ...(text === undefined ? {} : { body: text }),
      ...(headers === undefined ? {} : { headers }),
    });
    return {
      status: answer.statusCode,
      body: (await answer.body.json()) as Record<string, unknown>,
    };
  };
  const status = (headers?: Record<string, string>) =>
    call('status', { method: 'GET', ...(headers === undefined ? {} : { headers }) });
  return { agent, engine, epochStore, exit, call, status };
}

const order = (epoch: number, more: object = {}) => ({
  member: 'web-0',
  uid: 'uid-0',
  epoch,
  ...more,
});

describe('the agent', () => {
  it('starts the program once the Secret holds a password, and says until then what to type', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'agent-'));
    cleanups.push(() => rm(folder, { recursive: true }));
    const clock = new FakeClock();
    const password = passwordIn(folder, clock);
    const { engine, status } = await start({ clock, password });
    await untilTrue(() => password.problem !== undefined);
    const { body } = await status();
    expect(engine.hasStarted).toBe(false);
    expect(body).toMatchObject({ state: 'Starting', problem: { reason: 'PasswordMissing' } });
    await writeFile(join(folder, 'password'), 's3cret\n');
    await untilTrue(() => {
      clock.advance(1_000);
      return engine.hasStarted;
    });
    expect(password.current).toBe('s3cret');
    const after = await status();
    expect(after.body).toMatchObject({ state: 'Detached' });
    expect(after.body).not.toHaveProperty('problem');
  });

  it('reports the state of the program and the acknowledged epochs, with a new nonce each time', async () => {
    const { status } = await start({ acknowledged: { epoch: 4, ledEpoch: 2 } });
    const first = await status();
    const second = await status();
    expect(first).toMatchObject({
      status: 200,
      body: { uid: 'uid-0', state: 'Detached', epoch: 4, ledEpoch: 2 },
    });
    expect(reportOf(first.body).nonce).not.toBe(reportOf(second.body).nonce);
  });

  it.each([
    ['Leading', 200],
    ['Following', 200],
    ['Detached', 200],
    ['Cloning', 503],
    ['Starting', 503],
    ['Empty', 503],
  ] as const)(
    'tells the kubelet whether the member is complete: %s is %i',
    async (state, status) => {
      const { engine, call } = await start();
      engine.state = state;
      expect(await call('ready', { method: 'GET' })).toEqual({ status, body: { state } });
      engine.failure = new Error('it hangs');
      expect(await call('ready', { method: 'GET' })).toMatchObject({ status: 503 });
      expect(await call('ready')).toMatchObject({ status: 405 });
    },
  );

  it('answers an order with the report after it', async () => {
    const { call } = await start();
    const answer = await call('promote', { body: order(3) });
    expect(answer).toMatchObject({
      status: 200,
      body: { state: 'Leading', epoch: 3, ledEpoch: 3 },
    });
  });

  it('reports a fence as acknowledged only with a report of the program from after the fence', async () => {
    const { agent, call, engine } = await start({ acknowledged: { epoch: 3, ledEpoch: 0 } });
    // On a connection of its own: the order is waiting for its answer.
    const status = async () => {
      const answer = await fetch(`http://127.0.0.1:${agent.port}/haservice/v1/status`);
      return reportOf(await answer.json());
    };
    // The program already reports Detached, but still receives from its leader.
    engine.holdsOrders = true;
    const fenced = call('fence', { body: order(4) });
    await untilTrue(() => engine.told.includes('fence 4'));
    expect(await status()).toMatchObject({ state: 'Detached', epoch: 3 });
    // Asked before the end of the fence: that answer is outdated.
    engine.holdsReports = true;
    const early = status();
    await untilTrue(() => engine.heldReports.length === 1);
    engine.heldOrders.shift()?.();
    await untilTrue(() => engine.heldReports.length === 2);
    engine.holdsReports = false;
    for (const letGo of engine.heldReports) letGo();
    expect(await fenced).toMatchObject({ status: 200, body: { epoch: 4 } });
    expect(await early).toMatchObject({ epoch: 4 });
  });

  it('accepts a fence by its former name, which an operator of an earlier version sends', async () => {
    const { call, engine, epochStore } = await start();
    await call('promote', { body: order(3) });
    const answer = await call('demote', { body: order(3) });
    expect(answer).toMatchObject({ status: 200, body: { state: 'Detached', epoch: 3 } });
    expect(engine.told).toEqual(['promote 3', 'fence 3']);
    expect(await call('demote', { body: order(2) })).toMatchObject({
      status: 409,
      body: { error: 'StaleEpoch' },
    });
    expect(epochStore.saved.at(-1)).toMatchObject({ epoch: 3 });
  });

  it('answers 202 while a clone is in progress', async () => {
    const { call, engine } = await start();
    engine.follow = async () => void (engine.state = 'Cloning');
    const leader = { member: 'web-1', host: '10.0.0.2', port: 80 };
    const answer = await call('follow', { body: order(3, { leader }) });
    expect(answer).toMatchObject({ status: 202, body: { state: 'Cloning' } });
  });

  it('rejects a follow order whose leader is not an IP address', async () => {
    const { call, engine } = await start();
    const leader = { member: 'web-1', host: '10.0.0.2', port: 80 };
    for (const host of ['web-1', 'localhost', '10.0.0.2,10.0.0.3', '/tmp', 'fe80::1%eth0', '']) {
      const named = { ...leader, host };
      expect(await call('follow', { body: order(3, { leader: named }) })).toMatchObject({
        body: { error: 'Invalid', message: 'follow: leader.host: must be an IP address' },
      });
    }
    expect(engine.told).toEqual([]);
    const other = { ...leader, host: 'fd00::2' };
    expect(await call('follow', { body: order(3, { leader: other }) })).toMatchObject({
      status: 200,
    });
  });

  it('rejects an order with the reason and a report', async () => {
    const { call } = await start({ acknowledged: { epoch: 4, ledEpoch: 0 } });
    expect(await call('promote', { body: order(3) })).toMatchObject({
      status: 409,
      body: {
        error: 'StaleEpoch',
        message: expect.any(String),
        report: { epoch: 4, state: 'Detached' },
      },
    });
    expect(await call('fence', { body: order(9, { uid: 'uid-9' }) })).toMatchObject({
      body: { error: 'WrongMember' },
    });
  });

  it('answers 503 with the problem if the program is not healthy', async () => {
    const { status, engine } = await start();
    await status();
    engine.failure = new HAError('HA_ERR_COMMAND_FAILED', 'check exited with 1: no space');
    expect(await status()).toMatchObject({
      status: 503,
      body: {
        state: 'Detached',
        problem: { reason: 'HA_ERR_COMMAND_FAILED', message: expect.stringContaining('no space') },
      },
    });
  });

  it('forgets its led epoch if the data are lost', async () => {
    const { status, engine, epochStore } = await start({ acknowledged: { epoch: 4, ledEpoch: 4 } });
    engine.state = 'Empty';
    expect(await status()).toMatchObject({ body: { state: 'Empty', epoch: 4, ledEpoch: 0 } });
    expect(epochStore.saved).toEqual([{ epoch: 4, ledEpoch: 0 }]);
  });

  it('does not answer while the program does not, and aborts the request if the client has gone', async () => {
    const { agent, engine, status } = await start();
    engine.holdsReports = true;
    const socket = connect(agent.port, '127.0.0.1');
    socket.write('GET /haservice/v1/status HTTP/1.1\r\nhost: a\r\n\r\n');
    await untilTrue(() => engine.heldReports.length === 1);
    socket.destroy();
    await untilTrue(() => engine.givenUp === 1);
    const answer = status();
    await untilTrue(() => engine.heldReports.length === 2);
    engine.heldReports[1]!();
    expect(await answer).toMatchObject({ status: 200 });
  });

  it('answers a fence of a frozen program without claiming that the program holds data', async () => {
    const { call, engine } = await start();
    engine.holdsReports = true;
    expect(await call('fence', { body: order(3) })).toMatchObject({
      status: 200,
      body: { state: 'Starting', epoch: 3 },
    });
  });

  it.each([
    ['one more than the highest', highestEpoch + 1, /^fence: epoch: .*above 1000000000/],
    ['the highest number', Number.MAX_SAFE_INTEGER, /^fence: epoch: .*above 1000000000/],
    ['a number that cannot be incremented', 2 ** 53, /^fence: epoch: /],
    ['a text', '7', /^fence: epoch: /],
    ['a fraction', 7.5, /^fence: epoch: /],
  ])('rejects %s as an epoch, and its state does not change', async (_what, epoch, why) => {
    const { call, engine, epochStore, status } = await start({
      acknowledged: { epoch: 4, ledEpoch: 4 },
    });
    expect(await call('fence', { body: { ...order(5), epoch } })).toMatchObject({
      status: 400,
      body: { error: 'Invalid', message: expect.stringMatching(why) },
    });
    expect(engine.told).toEqual([]);
    expect(epochStore.saved).toEqual([]);
    expect(await status()).toMatchObject({ body: { epoch: 4 } });
    expect(await call('fence', { body: order(5) })).toMatchObject({ status: 200 });
    expect(epochStore.saved).toEqual([{ epoch: 5, ledEpoch: 4 }]);
  });

  it.each([
    ['an unknown path', 'other', {}, 404],
    ['a status request by POST', 'status', {}, 405],
    ['an order by GET', 'fence', { method: 'GET' }, 405],
    ['a body that is not JSON', 'fence', { body: '{' }, 400],
    ['an order without an epoch', 'fence', { body: { member: 'web-0' } }, 400],
    ['a follow without a leader', 'follow', { body: order(3) }, 400],
    ['a body that is too long', 'fence', { body: `"${'x'.repeat(70_000)}"` }, 413],
  ])('answers %s with an error', async (_what, name, options, status) => {
    const { call, engine } = await start();
    const answer = await call(name, options);
    expect(answer).toMatchObject({
      status,
      body: { error: 'Invalid', message: expect.any(String) },
    });
    expect(engine.told).toEqual([]);
  });

  it('resets its connections and exits when the program has ended', async () => {
    const { agent, engine, exit } = await start();
    const socket = connect(agent.port, '127.0.0.1');
    await once(socket, 'connect');
    const reset = once(socket, 'error');
    socket.write('GET /haservice/v1/status HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'data');
    engine.end({ code: null, signal: 'SIGKILL' });
    expect(await exit).toBe(137);
    expect(await reset).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it.each([
    [0, 1],
    [3, 3],
  ])('exits as the program did, and never with 0: %i as %i', async (code, told) => {
    const { engine, exit } = await start();
    engine.end({ code, signal: null });
    expect(await exit).toBe(told);
  });

  it('stops the program in order, and exits with 0', async () => {
    const { agent, engine, exit } = await start();
    await agent.stop('SIGTERM');
    expect(await exit).toBe(0);
    expect(engine.told).toEqual(['stop']);
  });
});

describe('the agent with a lease', () => {
  const leased = async () => {
    const clock = new FakeClock();
    const started = await start({ leaseMs: 1_000, clock });
    const grant = async () => `${reportOf((await started.status()).body).nonce} 1000`;
    return { ...started, clock, grant };
  };

  it('leads only with a grant, and kills the program if the lease is not renewed', async () => {
    const { call, clock, engine, exit, grant } = await leased();
    expect(await call('promote', { body: order(3) })).toMatchObject({ body: { error: 'Failed' } });
    const headers = { 'haservice-lease': await grant() };
    expect(await call('promote', { body: order(3), headers })).toMatchObject({ status: 200 });
    clock.advance(949);
    expect(engine.told).toEqual(['promote 3']);
    clock.advance(1);
    expect(await exit).toBe(1);
    expect(engine.told).toEqual(['promote 3', 'kill']);
  });

  it('extends the lease by grants, but only by those of its own epoch', async () => {
    const { call, clock, engine, status, grant } = await leased();
    const headers = { 'haservice-lease': await grant() };
    await call('promote', { body: order(3), headers });
    clock.advance(900);
    await status({ 'haservice-lease': await grant(), 'haservice-epoch': '3' });
    clock.advance(900);
    expect(await status()).toMatchObject({ status: 200, body: { state: 'Leading' } });
    await status({ 'haservice-lease': await grant(), 'haservice-epoch': '4' });
    await status({ 'haservice-lease': await grant() });
    clock.advance(100);
    expect(engine.told).toEqual(['promote 3', 'kill']);
  });

  it('kills the program before it answers if the timer is late', async () => {
    const { call, clock, engine, exit, status, grant } = await leased();
    await call('promote', { body: order(3), headers: { 'haservice-lease': await grant() } });
    clock.stall(1_000);
    void status().catch(() => {});
    expect(await exit).toBe(1);
    expect(engine.told).toEqual(['promote 3', 'kill']);
  });

  it('kills a program at once that takes writes but was not promoted', async () => {
    const { engine, exit, status } = await leased();
    engine.state = 'Leading';
    void status().catch(() => {});
    expect(await exit).toBe(1);
    expect(engine.told).toEqual(['kill']);
  });
});

it('without a lease the agent only reports that a program takes writes but was not promoted', async () => {
  const { status, engine } = await start();
  engine.state = 'Leading';
  expect(await status()).toMatchObject({ body: { problem: { reason: 'LeadsUnordered' } } });
  expect(engine.told).toEqual([]);
});
