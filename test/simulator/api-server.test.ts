import { beforeEach, expect, it } from 'vitest';
import { isConflict, isNotFound, isTooManyRequests } from '../../src/kube/api-error.ts';
import { type Steps, create, deleteObject, evict } from '../../src/kube/api-request.ts';
import { podDisruptionBudgets, pods } from '../../src/kube/resources.ts';
import { ApiServer } from './api-server.ts';
import { Kernel } from './kernel.ts';
import { firstWish, specOf } from './setups.ts';
import { subject } from './subject.ts';

const { namespace } = subject;
const labels = { app: 'web' };
const names = ['web-0', 'web-1', 'web-2'];

let api: ApiServer;

/** Asks the API server of the model at once. */
function ask<T>(steps: Steps<T>): T | { error: unknown } {
  let next = steps.next();
  while (next.done !== true) {
    try {
      next = steps.next(api.answer(next.value));
    } catch (error) {
      return { error };
    }
  }
  return next.value;
}

const podOf = (name: string) => api.pods.find(({ metadata }) => metadata?.name === name)!;
const uidOf = (name: string) => podOf(name)?.metadata?.uid ?? '';
const evicted = (name: string, uid = uidOf(name)) => ask(evict(pods, { namespace, name }, { uid }));
const isEnding = (name: string) => podOf(name).metadata?.deletionTimestamp !== undefined;
const setReady = (name: string, status: 'True' | 'False') =>
  api.changePod(uidOf(name), (pod) => ({
    ...pod,
    status: { phase: 'Running', conditions: [{ type: 'Ready', status }] },
  }));

beforeEach(() => {
  api = new ApiServer(new Kernel(1), specOf('redis', firstWish));
  for (const name of names) {
    ask(create(pods, { metadata: { name, namespace, labels } }));
    setReady(name, 'True');
  }
  ask(
    create(podDisruptionBudgets, {
      metadata: { name: 'web', namespace },
      spec: { minAvailable: 2, selector: { matchLabels: labels } },
    }),
  );
});

it('evicts as many pods as the budget allows, gracefully', () => {
  expect(evicted('web-0')).toBeUndefined();
  expect(isEnding('web-0')).toBe(true);
  expect(evicted('web-1')).toSatisfy(refusedWith(isTooManyRequests));
  expect(isEnding('web-1')).toBe(false);
});

it('evicts a pod that is not healthy, whatever the budget says', () => {
  setReady('web-0', 'False');
  expect(evicted('web-1')).toSatisfy(refusedWith(isTooManyRequests));
  expect(evicted('web-0')).toBeUndefined();
  expect(isEnding('web-0')).toBe(true);
});

it('evicts no other pod than the intended one', () => {
  expect(evicted('web-0', 'another')).toSatisfy(refusedWith(isConflict));
  expect(evicted('web-7', 'any')).toSatisfy(refusedWith(isNotFound));
  expect(names.filter(isEnding)).toEqual([]);
});

it('removes a pod at once if its grace period is 0, and later otherwise', () => {
  const ref = { namespace, name: 'web-0' };
  const [uid, other] = [uidOf('web-0'), uidOf('web-1')];
  expect(ask(deleteObject(pods, ref, { uid, gracePeriodSeconds: 0 }))).toBeUndefined();
  expect(api.podOf(uid)).toBeUndefined();
  ask(deleteObject(pods, { namespace, name: 'web-1' }, { uid: other }));
  expect(isEnding('web-1')).toBe(true);
});

function refusedWith(is: (error: unknown) => boolean) {
  return (answer: unknown) => is((answer as { error?: unknown } | undefined)?.error);
}
