import { expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import type { Driver } from '../kube/api-request.ts';
import { type DrivenClient, driverOf } from '../kube/drive.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { ApiServerHealth } from './state/api-server-health.ts';
import { watchApiServerHealth } from './watch-api-server-health.ts';

const turn = async () => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
};

it('finds that the API server cannot be reached, closes connections that hang, and reports when it answers again', async () => {
  const clock = new FakeClock();
  let restored = 0;
  const apiServerHealth = new ApiServerHealth(clock, () => restored++);
  let fails = false;
  let pings = 0;
  let resets = 0;
  const stop = new AbortController();
  const client = {
    ping: () => {
      pings++;
      return fails
        ? Promise.reject(new HAError('HA_ERR_API_TIMEOUT', 'GET /version'))
        : Promise.resolve();
    },
    get: () => Promise.reject(new Error('it has no pod')),
    reset: () => {
      resets++;
      return Promise.resolve();
    },
  };
  const drive = driverOf(client as unknown as DrivenClient);
  watchApiServerHealth({ drive, apiServerHealth, clock, log: silentLog }, stop.signal);
  await turn();
  expect(pings).toBe(1);
  expect(apiServerHealth.lostSince(0)).toBe(false);
  expect(apiServerHealth.mayGrant(0)).toBe(true);
  fails = true;
  clock.advance(5_000);
  await turn();
  expect(apiServerHealth.lostSince(clock.now())).toBe(true);
  expect(resets).toBe(0);
  clock.advance(5_000);
  await turn();
  expect(resets).toBe(1);
  expect(apiServerHealth.mayGrant(9_999)).toBe(false);
  expect(apiServerHealth.mayGrant(10_000)).toBe(true);
  fails = false;
  clock.advance(5_000);
  await turn();
  expect(restored).toBe(1);
  expect(apiServerHealth.lostSince(clock.now())).toBe(true);
  expect(apiServerHealth.lostSince(clock.now() + 1)).toBe(false);
  expect(apiServerHealth.sinceWallMs).toBe(clock.wallNow());
  clock.advance(5_000);
  await turn();
  expect(restored).toBe(1);
  stop.abort();
  clock.advance(60_000);
  expect(pings).toBe(5);
});

it('counts an outage until the answer that ends it, not only until the last request that has failed', () => {
  const clock = new FakeClock();
  const apiServerHealth = new ApiServerHealth(clock, () => {});
  apiServerHealth.failed(new HAError('HA_ERR_API_TIMEOUT', 'GET x'));
  clock.advance(20_000);
  apiServerHealth.answered();
  clock.advance(900);
  expect(apiServerHealth.lostSince(clock.now() - 1_000)).toBe(true);
  clock.advance(200);
  expect(apiServerHealth.lostSince(clock.now() - 1_000)).toBe(false);
});

it('counts a refusal as an answer', () => {
  const apiServerHealth = new ApiServerHealth(new FakeClock(), () => {});
  apiServerHealth.failed(new HAError('HA_ERR_API_STATUS', 'GET x', { status: 403 }));
  expect(apiServerHealth.lostSince(-1)).toBe(false);
});

it.each([
  [404, 'error', /is gone/],
  [403, 'warn', /has refused or failed to say/],
  [429, 'warn', /has refused or failed to say/],
  [503, 'warn', /has refused or failed to say/],
])(
  'an answer of %i to the question for its own pod confirms nothing: %s',
  (status, level, says) => {
    const lines: string[] = [];
    const clock = new FakeClock();
    const apiServerHealth = new ApiServerHealth(clock, () => {});
    const log = {
      ...silentLog,
      warn: (_fields: object, message: string) => lines.push(`warn ${message}`),
      error: (_fields: object, message: string) => lines.push(`error ${message}`),
    };
    const drive: Driver = (steps) => {
      steps.next();
      steps.throw(new HAError('HA_ERR_API_STATUS', 'GET pod', { status }));
    };
    const self = { namespace: 'system', name: 'operator-0', uid: 'mine' };
    watchApiServerHealth(
      { drive, apiServerHealth, clock, log, self },
      new AbortController().signal,
    );
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${level} .*${says.source}`))]);
    expect(apiServerHealth.mayGrant(10_000)).toBe(false);
    expect(apiServerHealth.lostSince(0)).toBe(false);
  },
);

it('may grant leases while its own pod exists, and not if another pod has its name', async () => {
  const clock = new FakeClock();
  const apiServerHealth = new ApiServerHealth(clock, () => {});
  const stop = new AbortController();
  let answer = () => Promise.resolve({ metadata: { uid: 'mine' } });
  const client = {
    ping: () => Promise.reject(new Error('it asks for its pod')),
    get: () => answer() as Promise<never>,
    reset: () => Promise.resolve(),
  };
  const self = { namespace: 'system', name: 'operator-0', uid: 'mine' };
  const drive = driverOf(client as unknown as DrivenClient);
  watchApiServerHealth({ drive, apiServerHealth, clock, log: silentLog, self }, stop.signal);
  await turn();
  expect(apiServerHealth.mayGrant(0)).toBe(true);
  for (const gone of [
    () => Promise.resolve({ metadata: { uid: 'another' } }),
    () => Promise.reject(new HAError('HA_ERR_API_STATUS', 'GET x', { status: 404 })),
  ]) {
    answer = gone;
    clock.advance(5_000);
    await turn();
    expect(apiServerHealth.lostSince(0)).toBe(false);
  }
  expect(apiServerHealth.mayGrant(9_999)).toBe(false);
  stop.abort();
});
