import { createServer } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { freePort } from '../../member-client/testing.ts';
import { firstSuccess } from './first-success.ts';

const server = createServer((_request, response) => response.end('ok'));
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('returns the time of the first answer, after any number of attempts', async () => {
  const port = await freePort();
  const target = { host: '127.0.0.1', port, engine: { type: 'HTTP' as const } };
  const found = firstSuccess(target, systemClock, AbortSignal.timeout(10_000));
  const openedAtMs = Date.now();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  expect(await found).toBeGreaterThanOrEqual(openedAtMs);
});

it('stops at the signal', async () => {
  const target = { host: '127.0.0.1', port: await freePort(), engine: { type: 'TCP' as const } };
  expect(await firstSuccess(target, systemClock, AbortSignal.timeout(30))).toBeUndefined();
  expect(await firstSuccess(target, systemClock, AbortSignal.abort())).toBeUndefined();
});
