import type { KubeObject } from '../../src/kube/api-types.ts';
import type { Api } from '../framework/api.ts';
import { Live } from '../framework/live.ts';
import { apply, freshNamespace } from '../framework/objects.ts';
import { isSettled } from '../framework/state.ts';

/** How many are created at a time: more would only queue at the API server. */
const concurrency = 10;
const settleMs = 1_200_000;

/**
 * An HAService of one member: it answers heartbeats as any other, and three nodes of at most 110 pods and two cores can run 200
 * such pods.
 */
const single = (namespace: string, name: string): KubeObject =>
  ({
    apiVersion: 'haservice.dev/v1alpha1',
    kind: 'HAService',
    metadata: { name, namespace },
    spec: {
      replicas: 1,
      ports: [{ port: 80 }],
      engine: { type: 'HTTP' },
      template: { spec: { containers: [{ name: 'nginx', image: 'nginx:stable' }] } },
    },
  }) as KubeObject;

/** Creates `count` HAServices in a new namespace, and waits until all of them are healthy. */
export async function createMany(options: {
  api: Api;
  namespace: string;
  count: number;
  log: (line: string) => void;
  signal: AbortSignal;
}): Promise<void> {
  const { api, namespace, count, log, signal } = options;
  const { client } = api;
  const names = Array.from({ length: count }, (_, i) => `many-${i}`);
  await freshNamespace(client, namespace, signal);
  const end = new AbortController();
  const live = await Live.open(client, AbortSignal.any([signal, end.signal]));
  try {
    const left = [...names];
    const worker = async () => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        await apply(client, single(namespace, name), signal);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    let shown = 0;
    await live.until(
      `${count} HAServices to be healthy`,
      () => {
        const well = names.filter((name) => {
          const service = live.services.get(namespace, name);
          return service !== undefined && isSettled(service);
        }).length;
        if (well >= shown + 20) {
          shown = well;
          log(`${well} of ${count} HAServices are healthy`);
        }
        return well === count ? true : undefined;
      },
      settleMs,
    );
  } finally {
    end.abort(new Error('all are there'));
  }
}
