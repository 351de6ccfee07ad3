import { expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { findNamespaces } from './find-namespaces.ts';

const settings = (text: string) => ({ data: { 'settings.yaml': text } });
const refusal = (status: number, reason: string) =>
  new HAError('HA_ERR_API_STATUS', 'GET x', { status, reason });
/** Lets everything run that does not wait for time. */
const rest = () => new Promise(setImmediate);

function find(answer: () => Promise<unknown>, namespace: string | undefined = 'system') {
  const clock = new FakeClock();
  const stop = new AbortController();
  const faults: string[] = [];
  const logged: string[] = [];
  let asked = 0;
  const client = {
    get: () => {
      asked++;
      return answer() as Promise<never>;
    },
  };
  const log = { ...silentLog, error: (_: object, message: string) => void logged.push(message) };
  const onFault = (fault: string) => void faults.push(fault);
  const found = findNamespaces({ client, namespace, clock, log, onFault }, stop.signal);
  return { clock, stop, faults, logged, found, asked: () => asked };
}

it('reads the namespaces; all of them without the field, the ConfigMap or a namespace of its own', async () => {
  const list = settings('namespaces: [shop, payments]');
  expect(await find(() => Promise.resolve(list)).found).toEqual(['shop', 'payments']);
  expect(await find(() => Promise.resolve(settings('chaos: {}'))).found).toBeUndefined();
  expect(await find(() => Promise.reject(refusal(404, 'NotFound'))).found).toBeUndefined();
  const outside = find(() => Promise.resolve(list), '');
  expect([await outside.found, outside.asked()]).toEqual([undefined, 0]);
});

it('waits for the correction of settings, and says once what to write', async () => {
  let text = 'namespaces: shop,payments';
  const { clock, found, faults, logged, asked } = find(() => Promise.resolve(settings(text)));
  for (let asks = 1; asks <= 3; asks++) {
    await rest();
    expect(asked()).toBe(asks);
    clock.advance(1_000);
  }
  expect(logged).toHaveLength(1);
  expect(logged[0]).toMatch(/namespaces is "shop,payments"; write a list, such as/);
  expect(faults.at(-1)).toBe(logged[0]);
  text = 'namespaces: [shop]';
  await rest();
  clock.advance(1_000);
  expect(await found).toEqual(['shop']);
});

it('works on all after half a minute in which its role does not allow it to read them, and waits for an API server that does not answer', async () => {
  let error = new HAError('HA_ERR_API_UNREACHABLE', 'GET x');
  const { clock, found, asked } = find(() => Promise.reject(error));
  const after = async (ms: number) => {
    await rest();
    clock.advance(ms);
    await rest();
  };
  await after(60_000);
  // It may have too much to do, or not have read its roles yet.
  error = refusal(429, 'TooManyRequests');
  await after(60_000);
  error = refusal(403, 'Forbidden');
  await after(1_000);
  await after(1_000);
  expect(asked()).toBe(5);
  await after(30_000);
  expect(await found).toBeUndefined();
  expect(asked()).toBe(6);
});

it('stops at the signal', async () => {
  const { stop, found } = find(() => Promise.reject(new HAError('HA_ERR_API_TIMEOUT', 'GET x')));
  await rest();
  stop.abort();
  expect(await found).toBeUndefined();
});
