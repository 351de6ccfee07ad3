import { expect, it } from 'vitest';
import { HAError } from '../../api/errors.ts';
import { makeMember, makeResource } from '../../core/testing/fixtures.ts';
import type { ApiRequest } from '../../kube/api-request.ts';
import type { Pod } from '../../kube/api-types.ts';
import { Stores } from '../state/stores.ts';
import type { ExecuteContext } from './execute-context.ts';
import { execute } from './execute.ts';

const resource = makeResource();
const contract = { ports: [], probePort: 80, health: { type: 'HTTP' as const } };
const annotations = { 'haservice.dev/contract': JSON.stringify(contract) };
const action = { type: 'AnnotatePod' as const, member: makeMember(resource, 0), annotations };
const podAt = (resourceVersion: string, uid = 'uid-web-0'): Pod => ({
  ...{ apiVersion: 'v1', kind: 'Pod' },
  metadata: { name: 'web-0', namespace: 'shop', uid, resourceVersion },
});
const conflict = new HAError('HA_ERR_API_STATUS', '409', { status: 409, reason: 'Conflict' });

/** What the operator asks for, and what comes of it. The API server refuses the write, and then has `found`. */
function recorded(cached: Pod, found?: Pod) {
  const stores = new Stores();
  stores.pods.put(cached);
  const requests: ApiRequest[] = [];
  const steps = execute(action, { stores, resource } as unknown as ExecuteContext);
  let next = steps.next();
  while (next.done !== true) {
    requests.push(next.value);
    if (next.value.verb === 'get') next = steps.next(found);
    else next = found === undefined ? steps.next(podAt('2')) : steps.throw(conflict);
  }
  return { change: next.value, requests };
}

it('how a pod of an earlier version is asked is written into its annotation, and nothing else of the pod is changed', () => {
  const { change, requests } = recorded(podAt('1'));
  expect(change).toBe('Written');
  expect(requests).toMatchObject([
    {
      verb: 'mergePatch',
      ref: { namespace: 'shop', name: 'web-0' },
      patch: { metadata: { uid: 'uid-web-0', resourceVersion: '1', annotations } },
    },
  ]);
});

it('another pod of that name is left alone; a pod that has changed is looked at again', () => {
  expect(recorded(podAt('1', 'another'))).toEqual({ change: 'Same', requests: [] });
  expect(recorded(podAt('1'), podAt('3')).change).toBe('Refreshed');
  expect(recorded(podAt('1'), podAt('3', 'another')).change).toBe('Refreshed');
  // Refused for another reason, such as a webhook.
  expect(() => recorded(podAt('1'), podAt('1'))).toThrow('409');
});
