import { once } from 'node:events';
import { type IncomingMessage, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { fixedPassword } from '../engines/engine-context.ts';
import { agentConfigSchema } from '../protocol/agent-config.ts';
import { type Order, orderSchemas } from '../protocol/member-protocol.ts';
import { systemClock } from '../lib/clock.ts';
import { UnmanagedEngine } from './unmanaged-engine.ts';
import { freePort } from '../member-client/testing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const soon = () => AbortSignal.timeout(60_000);
const promote: Order<'promote'> = orderSchemas.promote.parse({ member: 'web-0', epoch: 5 });
const follow: Order<'follow'> = orderSchemas.follow.parse({
  member: 'web-0',
  epoch: 6,
  leader: { member: 'web-1', host: '10.0.0.2', port: 80 },
});

/** A program that answers each GET with its process id. */
const program = (port: number) =>
  `require('node:http').createServer((q, r) => { r.statusCode = q.url === '/unhealthy' ? 500 : 200; r.end(String(process.pid)); }).listen(${port}, '127.0.0.1')`;

async function start(engineSpec: object = {}, code = program) {
  const port = await freePort();
  const engine = new UnmanagedEngine({
    config: agentConfigSchema.parse({
      service: 'web',
      engine: { type: 'HTTP', ...engineSpec },
      port,
      agentPort: 2,
      command: [process.execPath, '-e', code(port)],
    }),
    pod: { name: 'web-0', uid: undefined, ip: '127.0.0.1' },
    passwords: fixedPassword(undefined),
    env: {},
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
  });
  await engine.start();
  cleanups.push(() => engine.stop(AbortSignal.abort()));
  return engine;
}

/** Waits until the program has started. */
async function up(engine: UnmanagedEngine): Promise<void> {
  while ((await engine.report(soon())).state === 'Starting') await new Promise(setImmediate);
}

describe('an unmanaged program', () => {
  it('has the role that it was ordered to have, once it answers', async () => {
    const engine = await start();
    await up(engine);
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
    await engine.promote(promote, soon());
    expect(await engine.report(soon())).toEqual({ state: 'Leading' });
    await engine.follow(follow, soon());
    await up(engine);
    expect(await engine.report(soon())).toEqual({ state: 'Following', leader: 'web-1' });
  });

  it('that led is ended by a fence and started again; one that did not lead is left running', async () => {
    const engine = await start();
    await up(engine);
    const first = engine.pid;
    await engine.fence(soon());
    expect(engine.pid).toBe(first);
    await engine.promote(promote, soon());
    await engine.fence(soon());
    expect(engine.pid).not.toBe(first);
    expect(() => process.kill(first!, 0)).toThrow('ESRCH');
    await up(engine);
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
  });

  it('is unhealthy if it answers with an error', async () => {
    const engine = await start({ http: { path: '/sick' } });
    const report = async () => {
      while ((await engine.report(soon())).state === 'Starting') await new Promise(setImmediate);
    };
    await engine.promote(promote, soon());
    await expect(report()).rejects.toMatchObject({ code: expect.stringMatching(/HA_ERR_PROBE_/) });
  });

  it('does not report while it is frozen', async () => {
    const engine = await start();
    await up(engine);
    process.kill(engine.pid!, 'SIGSTOP');
    const patience = new AbortController();
    let answered = false;
    const report = engine.report(patience.signal).finally(() => (answered = true));
    await Promise.race([report, new Promise((resolve) => setTimeout(resolve, 50))]);
    expect(answered).toBe(false);
    patience.abort(new Error('enough'));
    await expect(report).rejects.toThrow('enough');
    process.kill(engine.pid!, 'SIGCONT');
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
  });

  it('is told its role by its hooks', async () => {
    const calls: unknown[] = [];
    const hooks = createServer((request: IncomingMessage, response) => {
      void text(request).then((body) => {
        calls.push([request.url, JSON.parse(body)]);
        response.end();
      });
    }).listen(0, '127.0.0.1');
    await once(hooks, 'listening');
    cleanups.push(() => hooks.close());
    const { port } = hooks.address() as AddressInfo;
    const engine = await start({
      promote: { path: '/up', port },
      demote: { path: '/down', port },
    });
    await engine.promote(promote, soon());
    await engine.follow(follow, soon());
    expect(calls).toEqual([
      ['/up', { action: 'promote', member: 'web-0', epoch: 5, reason: '' }],
      ['/down', { action: 'demote', member: 'web-0', epoch: 6, reason: '' }],
    ]);
  });

  it('reports that it has ended by itself', async () => {
    const engine = await start({}, () => 'process.exit(3)');
    expect(await engine.ended).toEqual({ code: 3, signal: null });
  });
});
