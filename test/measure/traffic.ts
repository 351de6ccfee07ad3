import { pods } from '../../src/kube/resources.ts';
import type { Api } from './api.ts';
import { lines } from './lines.ts';
import { apply } from './objects.ts';
import { SampleLog } from './sample-log.ts';
import { parseSample } from './sample.ts';

/** How often a request is sent on each kind of connection, and when one is given up. Milliseconds. */
const intervalMs = 10;
export const clientTimeoutMs = 1_000;

export interface Client {
  api: Api;
  namespace: string;
  /** Name of the pod. */
  name: string;
  image: string;
  /** Address that it asks. */
  url: string;
  /** Node that it runs on; without it the scheduler chooses. */
  node?: string | undefined;
  signal: AbortSignal;
  /** Its requests have ended, or their reports have. */
  onFailure: (error: Error) => void;
}

const startMs = 60_000;

/** Starts a client in a pod and reads what it reports. Resolves with its first answers. */
export async function startClient(options: Client): Promise<SampleLog> {
  const { api, namespace, name, image, url, node, signal, onFailure } = options;
  await apply(
    api.client,
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { app: 'client' } },
      spec: {
        ...(node === undefined ? {} : { nodeName: node }),
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: 'client', image, imagePullPolicy: 'IfNotPresent', args: ['client', url] },
        ],
      },
    } as never,
    signal,
  );
  const log = new SampleLog();
  const first = log.reached(0, AbortSignal.any([signal, AbortSignal.timeout(startMs)]));
  void read(options, log).catch((error: unknown) => {
    if (!signal.aborted) onFailure(error as Error);
  });
  await first;
  return log;
}
