import { expect, it } from 'vitest';
import { HAError } from '../../src/api/errors.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { type Namespace, freshNamespace, removeNamespace } from './objects.ts';

const { signal } = new AbortController();

/** An API server that knows one namespace at the most. */
function clientWith(namespace: Namespace | undefined) {
  const calls: string[] = [];
  let there = namespace;
  const client = {
    get: () => {
      if (there !== undefined) return Promise.resolve(there);
      return Promise.reject(new HAError('HA_ERR_API_STATUS', 'GET', { status: 404 }));
    },
    delete: () => {
      calls.push('delete');
      there = undefined;
      return Promise.resolve(undefined);
    },
    apply: (_type: unknown, object: Namespace) => {
      calls.push(`apply ${object.metadata?.name}`);
      there = object;
      return Promise.resolve(object);
    },
  };
  return { client: client as unknown as KubeClient, calls };
}

it('never deletes a namespace that it has not made', async () => {
  const { client, calls } = clientWith({ metadata: { name: 'demo', uid: '1' } });
  await expect(removeNamespace(client, 'demo', signal)).rejects.toThrow("somebody else's");
  await expect(freshNamespace(client, 'demo', signal)).rejects.toThrow("somebody else's");
  expect(calls).toEqual([]);
});

it('makes a namespace, makes it anew, and deletes it', async () => {
  const { client, calls } = clientWith(undefined);
  await freshNamespace(client, 'demo', signal);
  await freshNamespace(client, 'demo', signal);
  await removeNamespace(client, 'demo', signal);
  await removeNamespace(client, 'demo', signal);
  expect(calls).toEqual(['apply demo', 'delete', 'apply demo', 'delete']);
});
