import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { Metrics } from './metrics.ts';
import { type TelemetryOptions, startTelemetry } from './server.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start(options: Partial<TelemetryOptions> = {}) {
  const server = await startTelemetry({
    metrics: new Metrics(),
    notReady: () => undefined,
    port: 0,
    host: '127.0.0.1',
    ...options,
  });
  cleanups.push(() => server.close());
  const ask = async (path: string, method = 'GET') => {
    const { statusCode, headers, body } = await request(`http://127.0.0.1:${server.port}${path}`, {
      method,
    });
    return { status: statusCode, type: headers['content-type'], text: await body.text() };
  };
  return { server, ask };
}

describe('the telemetry server', () => {
  it('serves the metrics in the format of Prometheus', async () => {
    const { ask } = await start();
    const { status, type, text } = await ask('/metrics');
    expect(status).toBe(200);
    expect(type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('# TYPE haservice_failovers_total counter');
  });

  it('is healthy even while it is not ready, and reports the reason', async () => {
    let reason: string | undefined = 'waiting for the list of Pods';
    const { ask } = await start({ notReady: () => reason });
    expect(await ask('/healthz?verbose')).toMatchObject({ status: 200, text: 'ok\n' });
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: `${reason}\n` });
    reason = undefined;
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('has no other paths and methods', async () => {
    const { ask } = await start();
    expect((await ask('/')).status).toBe(404);
    expect((await ask('/metrics', 'POST')).status).toBe(405);
    expect(await ask('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' });
  });

  it('answers 500 if a collector fails, and continues', async () => {
    const { ask } = await start({
      metrics: { expose: () => Promise.reject(new Error('collector broke')) },
    });
    expect(await ask('/metrics')).toMatchObject({ status: 500, text: 'collector broke\n' });
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('rejects if its port is taken', async () => {
    const { server } = await start();
    await expect(start({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes idle connections when it is closed', async () => {
    const { server } = await start();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    const gone = once(socket, 'close');
    await server.close();
    await gone;
  });
});
