import { afterEach, beforeEach, expect, test } from 'vitest';
import { HAError } from '../api/errors.ts';
import { isConflict, isNotFound, isTooManyRequests } from './api-error.ts';
import { KubeClient } from './client.ts';
import { pods } from './resources.ts';
import { FakeApiServer, json, refusal } from './testing/fake-api-server.ts';

const ref = { namespace: 'ns', name: 'a' };
let server: FakeApiServer;
let client: KubeClient;

beforeEach(async () => {
  server = await FakeApiServer.start();
  client = KubeClient.fromKubeConfig(server.config());
});
afterEach(async () => {
  await client.close();
  await server.close();
});

const failureOf = async (): Promise<HAError> => {
  const error = await client.evict(pods, ref, { uid: 'u1' }).catch((reason: unknown) => reason);
  if (error instanceof HAError) return error;
  throw new Error(`expected an HAError, got ${String(error)}`);
};

test('an eviction is of the intended pod, and is asked for once, whatever the answer is', async () => {
  server.handler = (_request, response) => json(response, 201, { kind: 'Status' });
  await client.evict(pods, ref, { uid: 'u1', gracePeriodSeconds: 5 });
  const { method, path, body } = server.requests[0]!;
  expect([method, path]).toEqual(['POST', '/api/v1/namespaces/ns/pods/a/eviction']);
  expect(JSON.parse(body)).toEqual({
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: ref,
    deleteOptions: {
      ...{ apiVersion: 'v1', kind: 'DeleteOptions' },
      ...{ preconditions: { uid: 'u1' }, gracePeriodSeconds: 5 },
    },
  });
  const refused = async (code: number, reason: string, cause?: string) => {
    const details = cause === undefined ? {} : { details: { causes: [{ reason: cause }] } };
    server.handler = (_request, response) =>
      json(response, code, { ...refusal(code, reason), ...details });
    return failureOf();
  };
  const byBudget = await refused(429, 'TooManyRequests', 'DisruptionBudget');
  expect([isTooManyRequests(byBudget), byBudget.reason]).toEqual([true, 'DisruptionBudget']);
  const overloaded = await refused(429, 'TooManyRequests');
  expect([isTooManyRequests(overloaded), overloaded.reason]).toEqual([true, 'TooManyRequests']);
  const another = await refused(409, 'Conflict');
  expect([isConflict(another), isTooManyRequests(another)]).toEqual([true, false]);
  expect(isNotFound(await refused(404, 'NotFound'))).toBe(true);
  expect(server.requests).toHaveLength(5);
});
