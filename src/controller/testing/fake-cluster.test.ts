import { afterEach, beforeEach, expect, it } from 'vitest';
import { isConflict, isNotFound, isTooManyRequests } from '../../kube/api-error.ts';
import { evict } from '../../kube/api-request.ts';
import { KubeClient } from '../../kube/client.ts';
import { drive } from '../../kube/drive.ts';
import { pods } from '../../kube/resources.ts';
import { refusal } from '../../kube/testing/fake-api-server.ts';
import { FakeCluster } from './fake-cluster.ts';

const namespace = 'shop';
const { signal } = new AbortController();
let cluster: FakeCluster;
let client: KubeClient;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = KubeClient.fromKubeConfig(cluster.api.config());
  cluster.put('pods', { metadata: { name: 'web-0', namespace, uid: 'u0' } });
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

const eviction = (name: string, uid: string) =>
  drive(evict(pods, { namespace, name }, { uid }), client, signal).catch((error: unknown) => error);
const isEnding = () => cluster.get('pods', 'web-0')?.metadata.deletionTimestamp !== undefined;

it('ends an evicted pod gracefully, and no other', async () => {
  expect(await eviction('web-0', 'another')).toSatisfy(isConflict);
  expect(await eviction('web-1', 'u0')).toSatisfy(isNotFound);
  expect(isEnding()).toBe(false);
  expect(await eviction('web-0', 'u0')).toBeUndefined();
  expect(isEnding()).toBe(true);
});

it('refuses an eviction once if a test says so', async () => {
  cluster.refuse = () => ({ code: 429, body: refusal(429, 'TooManyRequests') });
  expect(await eviction('web-0', 'u0')).toSatisfy(isTooManyRequests);
  expect(cluster.writes).toEqual(['POST pods/web-0/eviction']);
  expect(isEnding()).toBe(false);
});
