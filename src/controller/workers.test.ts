import { beforeEach, describe, expect, it, vi } from 'vitest';
import { isHAError } from '../api/errors.ts';
import {
  type ApiRequest,
  type Driver,
  type Steps,
  create,
  evict,
  get,
  replaceStatus,
} from '../kube/api-request.ts';
import { endpointSlices, pods } from '../kube/resources.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { Outcome } from './reconcile/reconcile.ts';
import { haServices } from './state/resource-type.ts';
import { Workers } from './workers.ts';

const metadata = { namespace: 'shop', name: 'db', uid: 'u', resourceVersion: '1' };
const resource = { metadata, spec: {} };

let clock: FakeClock;
/** The request that waits for its answer, and how to give it. */
let pending: { request: ApiRequest; answer: () => void } | undefined;
const queue = { add: vi.fn(), addAfter: vi.fn(), addRateLimited: vi.fn(), forget: vi.fn() };

/** Sends one request at a time, which the test answers; fails it if the signal comes. */
const driveByHand: Driver = (steps, signal, done) => {
  const go = (resume: () => ReturnType<typeof steps.next>): void => {
    let next;
    try {
      next = resume();
    } catch (error) {
      return done({ error });
    }
    if (next.done === true) return done({ value: next.value });
    const fail = () => go(() => steps.throw(signal.reason));
    signal.addEventListener('abort', fail, { once: true });
    const answer = () => {
      signal.removeEventListener('abort', fail);
      go(() => steps.next({}));
    };
    pending = { request: next.value, answer };
  };
  queueMicrotask(() => go(() => steps.next()));
};

/** Runs these steps for `shop/db`, up to their first request. */
async function run(reconcile: () => Steps<Outcome>) {
  const done = vi.fn();
  const metrics = new Metrics();
  const workers = new Workers({
    clock,
    drive: driveByHand,
    reconcile,
    queue,
    log: silentLog,
    metrics,
  });
  workers.run('shop/db', done);
  await Promise.resolve();
  return { workers, done };
}

beforeEach(() => {
  vi.clearAllMocks();
  clock = new FakeClock();
  pending = undefined;
});

function* steps(...requests: (() => Steps<unknown>)[]): Steps<Outcome> {
  for (const request of requests) yield* request();
  return { failed: false };
}

const createPod = () => create(pods, { metadata });
const createSlice = () => create(endpointSlices, { metadata, addressType: 'IPv4', endpoints: [] });
const writeStatus = () => replaceStatus(haServices, resource);

describe('a failover of a resource that is being reconciled', () => {
  it('gives up a write that takes longer than 200 ms, and reconciles at once', async () => {
    const { workers, done } = await run(() => steps(createPod, createSlice));
    workers.preempt('shop/db');
    clock.advance(199);
    expect(done).not.toHaveBeenCalled();
    clock.advance(1);
    expect(done).toHaveBeenCalledOnce();
    expect(queue.add.mock.calls).toEqual([['shop/db']]);
    expect(queue.addRateLimited).not.toHaveBeenCalled();
  });

  it.each([
    ['the status', writeStatus],
    ['the endpoints', createSlice],
    ['an eviction', () => evict(pods, metadata, { uid: 'u' })],
  ])('waits for the write of %s', async (_, request) => {
    const { workers, done } = await run(() => steps(request));
    workers.preempt('shop/db');
    clock.advance(9_000);
    expect(done).not.toHaveBeenCalled();
    pending?.answer();
    expect(done).toHaveBeenCalledOnce();
    expect(queue.forget).toHaveBeenCalledOnce();
  });

  it('counts the 200 ms for each write anew, however often it is told', async () => {
    const { workers, done } = await run(() => steps(createPod, createPod));
    workers.preempt('shop/db');
    clock.advance(150);
    pending?.answer();
    workers.preempt('shop/db');
    clock.advance(50);
    expect(done).not.toHaveBeenCalled();
    clock.advance(200);
    expect(done).toHaveBeenCalledOnce();
  });

  it('gives a write more time each time, so that a slow one is done at last, whatever happens meanwhile', async () => {
    const { workers, done } = await run(() => steps(createPod));
    for (const waitMs of [200, 400, 800]) {
      done.mockClear();
      workers.preempt('shop/db');
      clock.advance(waitMs - 1);
      expect(done).not.toHaveBeenCalled();
      clock.advance(1);
      expect(done).toHaveBeenCalledOnce();
      workers.run('shop/db', done);
      await Promise.resolve();
    }
    workers.preempt('shop/db');
    clock.advance(1_500);
    pending?.answer();
    expect(queue.forget).toHaveBeenCalledOnce();
    // It has come to its end: the next failover is as fast as the first.
    done.mockClear();
    workers.run('shop/db', done);
    await Promise.resolve();
    workers.preempt('shop/db');
    clock.advance(200);
    expect(done).toHaveBeenCalledOnce();
  });

  it.each([
    ['the answer to a question', () => get(pods, metadata)],
    ['the write of the status', writeStatus],
  ])('gives up the write that follows a slow request, too: %s', async (_, slow) => {
    const { workers, done } = await run(() => steps(slow, createPod));
    workers.preempt('shop/db');
    clock.advance(1_100);
    pending?.answer();
    expect(pending?.request.verb).toBe('create');
    clock.advance(400);
    expect(done).toHaveBeenCalledOnce();
    expect(queue.add.mock.calls).toEqual([['shop/db']]);
  });

  it('is nothing to wait for after the reconcile has ended', async () => {
    const { workers, done } = await run(() => steps(createPod));
    workers.preempt('shop/db');
    pending?.answer();
    workers.preempt('shop/db');
    clock.advance(1_000);
    expect(done).toHaveBeenCalledOnce();
    expect(queue.add).not.toHaveBeenCalled();
  });
});

it('a reconcile sees the error of a request, and goes on', async () => {
  const seen: unknown[] = [];
  const { workers } = await run(function* () {
    try {
      yield* createPod();
    } catch (error) {
      seen.push(error);
    }
    return { failed: false };
  });
  workers.preempt('shop/db');
  clock.advance(200);
  expect(seen.map((error) => isHAError(error, 'HA_ERR_PREEMPTED'))).toEqual([true]);
});

it('a stop gives up every reconcile, and repeats none', async () => {
  const { workers, done } = await run(() => steps(writeStatus));
  workers.stop();
  expect(done).toHaveBeenCalledOnce();
  expect(queue.addRateLimited).not.toHaveBeenCalled();
});
