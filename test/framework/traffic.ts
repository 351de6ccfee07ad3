import { pods } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import type { Api } from './api.ts';
import type { ClientProgram } from './client-program.ts';
import { lines } from './lines.ts';
import { type Live, clientLabels } from './live.ts';
import { apply } from './objects.ts';
import { SampleLog } from './sample-log.ts';
import { parseSample } from './sample.ts';

/** How often a request is sent on each kind of connection. Milliseconds. */
const intervalMs = 10;

/**
 * When a request is given up, in milliseconds: a good hundred times what an answer takes here. Where a pod hangs or is
 * cut off, this comes on top of the time until another pod answers, with both systems.
 */
export const clientTimeoutMs = 250;

const startMs = 60_000;

export interface ClientOptions<Target extends string> {
  api: Api;
  live: Live;
  namespace: string;
  /** Name of the pod. */
  name: string;
  program: ClientProgram;
  /** Addresses that it asks. */
  targets: Record<Target, string>;
  /** What it does: `client` sends requests by HTTP, `db` writes to databases. Default: client. */
  does?: 'client' | 'db';
  /** How often, on each kind of connection, in milliseconds. Default: 10. */
  everyMs?: number;
  /** When a request is given up, in milliseconds. Default: clientTimeoutMs. */
  timeoutMs?: number;
  /** Node that it runs on; without it the scheduler chooses. */
  node?: string | undefined;
  signal: AbortSignal;
  /** It has ended, or is heard no more. */
  onFailure: (error: Error) => void;
}

export interface RunningClient<Target extends string> {
  logs: Record<Target, SampleLog>;
  stop(): Promise<void>;
}

/** Starts a client in a pod and reads what it reports. Resolves when it has asked every target. */
export async function startClient<Target extends string>(
  options: ClientOptions<Target>,
): Promise<RunningClient<Target>> {
  const { api, live, namespace, name, signal, onFailure } = options;
  const names = Object.keys(options.targets) as Target[];
  const logs = Object.fromEntries(names.map((each) => [each, new SampleLog()])) as Record<
    Target,
    SampleLog
  >;
  await apply(api.client, podOf(options), signal);
  await live.until(
    `the client's pod ${name} to run (look at: kubectl -n ${namespace} describe pod ${name})`,
    () => live.clients.get(namespace, name)?.status?.phase === 'Running' || undefined,
    startMs,
  );
  const end = new AbortController();
  const ended = AbortSignal.any([signal, end.signal]);
  const failed = read(
    api,
    `/api/v1/namespaces/${namespace}/pods/${name}/log?follow=true`,
    logs,
    options.timeoutMs ?? clientTimeoutMs,
    ended,
  )
    .then(() => new Error(`the client ${name} has ended`))
    .catch((error: unknown) => error as Error);
  void failed.then((error) => {
    if (!ended.aborted) onFailure(error);
  });
  const late = AbortSignal.any([ended, AbortSignal.timeout(startMs)]);
  await Promise.all(names.map((each) => logs[each].reached(0, late)));
  return {
    logs,
    stop: async () => {
      end.abort(new Error('the client is stopped'));
      await api.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
    },
  };
}

function podOf<Target extends string>(options: ClientOptions<Target>): KubeObject {
  const { namespace, name, program, targets, node } = options;
  const { does = 'client', everyMs = intervalMs, timeoutMs = clientTimeoutMs } = options;
  const args = [
    ...[does, '--interval', String(everyMs), '--timeout', String(timeoutMs)],
    ...Object.entries(targets).map(([target, url]) => `${target}=${String(url)}`),
  ];
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: clientLabels },
    spec: {
      ...(node === undefined ? {} : { nodeName: node }),
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      ...program(args),
    },
  };
  return pod;
}

async function read(
  api: Api,
  path: string,
  logs: Record<string, SampleLog>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const line of lines(api.stream(path, signal))) {
    const parsed = parseSample(line, timeoutMs);
    if (parsed !== undefined) logs[parsed.target]?.add(parsed.sample);
  }
}
