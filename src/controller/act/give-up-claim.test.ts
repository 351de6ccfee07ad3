import { expect, it } from 'vitest';
import { HAError } from '../../api/errors.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import type { ClaimView } from '../../core/model/found-objects.ts';
import type { ApiRequest } from '../../kube/api-request.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';
import { Stores } from '../state/stores.ts';
import type { ExecuteContext } from './execute-context.ts';
import { execute } from './execute.ts';

const resource = makeResource();
const object = {
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', resourceVersion: '7' },
};
const notFound = new HAError('HA_ERR_API_STATUS', '404', { status: 404, reason: 'NotFound' });
const stored: PersistentVolumeClaim = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  metadata: {
    ...{ name: 'data-web-2', namespace: 'shop', uid: 'uid-claim', resourceVersion: '1' },
    annotations: { 'haservice.dev/scaled-away': 'uid-web/uid-web-2' },
  },
};
const claim = { name: 'data-web-2', uid: 'uid-claim' } as ClaimView;
const action = { type: 'GiveUpClaim' as const, claim, pod: { name: 'web-2', uid: 'uid-web-2' } };

/** What the operator asks for. The API server has this service and this pod. */
function recorded(service: object | undefined, pod?: object) {
  const stores = new Stores();
  stores.claims.put(stored);
  const requests: ApiRequest[] = [];
  const steps = execute(action, { stores, resource, object } as unknown as ExecuteContext);
  let next = steps.next();
  while (next.done !== true) {
    const request = next.value;
    requests.push(request);
    const found = request.verb !== 'get' ? stored : request.ref.name === 'web' ? service : pod;
    next = found === undefined ? steps.throw(notFound) : steps.next(found);
  }
  return { change: next.value, verbs: requests.map(({ verb }) => verb), last: requests.at(-1) };
}

it('a claim is given up to the pod that is gone, by a guarded write', () => {
  const { change, verbs, last } = recorded(object);
  expect(change).toBe('Written');
  expect(verbs).toEqual(['get', 'get', 'mergePatch']);
  expect(last).toMatchObject({
    patch: {
      metadata: {
        ...{ uid: 'uid-claim', resourceVersion: '1' },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Pod', name: 'web-2', uid: 'uid-web-2', controller: false },
        ],
      },
    },
  });
});

it('a cache that is old gives no claim away', () => {
  const changed = { metadata: { ...object.metadata, resourceVersion: '8' } };
  expect(recorded(changed)).toMatchObject({ change: 'Same', verbs: ['get'] });
  expect(recorded(undefined)).toMatchObject({ change: 'Same', verbs: ['get'] });
  const pod = { metadata: { name: 'web-2', namespace: 'shop', uid: 'uid-other' } };
  expect(recorded(object, pod)).toMatchObject({ change: 'Same', verbs: ['get', 'get'] });
});
