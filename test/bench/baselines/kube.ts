import { setTimeout as sleep } from 'node:timers/promises';
import { pods } from '../../../src/kube/resources.ts';
import type { KubeObject, Pod } from '../../../src/kube/api-types.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import type { Api } from '../../framework/api.ts';

const callMs = 15_000;
const pollMs = 500;

/** Access to the namespace in which one system is measured. */
export class Kube {
  readonly cluster: Cluster;
  readonly api: Api;
  readonly namespace: string;
  readonly signal: AbortSignal;

  constructor(options: { cluster: Cluster; api: Api; namespace: string; signal: AbortSignal }) {
    this.cluster = options.cluster;
    this.api = options.api;
    this.namespace = options.namespace;
    this.signal = options.signal;
  }

  async apply(objects: readonly object[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    const flags = ['--namespace', this.namespace, '--server-side', '--force-conflicts'];
    await this.cluster.runKubectl(['apply', ...flags, '--filename', '-'], {
      input: JSON.stringify(list),
    });
  }

  /** Runs a program in the first container of a pod. @returns its output. @throws ClusterError if it fails. */
  exec(pod: string, argv: readonly string[]): Promise<string> {
    return this.cluster.runKubectl(['exec', '--namespace', this.namespace, pod, '--', ...argv], {
      timeoutMs: callMs,
    });
  }

  get(kind: string, name: string): Promise<KubeObject> {
    const argv = ['get', '--namespace', this.namespace, kind, name, '--output', 'json'];
    return this.cluster
      .runKubectl(argv, { timeoutMs: callMs })
      .then((json) => JSON.parse(json) as KubeObject);
  }

  async pods(labelSelector: string): Promise<Pod[]> {
    const { items } = await this.api.client.list<Pod>(pods, {
      namespace: this.namespace,
      labelSelector,
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(callMs)]),
    });
    return items;
  }

  /** Deletes a pod and waits until it is gone. */
  async replace({ metadata }: Pod): Promise<void> {
    const { name = '', uid = '' } = metadata ?? {};
    const options = { uid, gracePeriodSeconds: 1, signal: this.signal };
    await this.api.client.delete(pods, { namespace: this.namespace, name }, options);
    await this.until(`the end of pod ${name}`, 60_000, async () => {
      const there = await this.pods('');
      return there.some((pod) => pod.metadata?.uid === uid) ? undefined : true;
    });
  }

  /**
   * Polls until there is a result. If `read` throws, the system is not up yet.
   *
   * @param what completes "gave up waiting for ...". @throws Error after `timeoutMs`, with the last error as its cause.
   */
  async until<T>(what: string, timeoutMs: number, read: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    let cause: unknown;
    for (;;) {
      this.signal.throwIfAborted();
      try {
        const found = await read();
        if (found !== undefined) return found;
      } catch (error) {
        cause = error;
      }
      if (performance.now() > deadline) {
        throw new Error(`gave up waiting for ${what} after ${timeoutMs / 1000} s`, { cause });
      }
      await sleep(pollMs, undefined, { signal: this.signal });
    }
  }
}
