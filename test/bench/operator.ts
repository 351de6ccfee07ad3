import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pods } from '../../src/kube/resources.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { processesOf } from '../cluster/pods.ts';
import type { Api } from '../framework/api.ts';
import { operatorNamespace, operatorPod, operatorPods } from '../framework/operator.ts';
import { isReady } from '../framework/state.ts';
import { sumOf } from './metrics.ts';

/** Clock ticks per second in /proc: the same on every Linux that Node runs on. */
const ticksPerSecond = 100;
const pollMs = 20;
const startMs = 60_000;

/** Metrics of the operator, read through the API server, as pods cannot be reached from here. */
async function operatorMetrics(api: Api, pod: string, signal: AbortSignal): Promise<string> {
  const path = `/api/v1/namespaces/${operatorNamespace}/pods/http:${pod}:8080/proxy/metrics`;
  return api.text(path, AbortSignal.any([signal, AbortSignal.timeout(5_000)]));
}

/** Age of a process in milliseconds, to 10 ms. */
async function ageOf(pid: number): Promise<number> {
  const [stat, uptime] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile('/proc/uptime', 'utf8'),
  ]);
  // The 22nd field of proc_pid_stat(5); the second is a name in parentheses that may hold spaces.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.parseFloat(uptime) * 1_000 - (started * 1_000) / ticksPerSecond;
}

/**
 * Deletes the operator's pod and measures the start of the next one.
 *
 * @returns milliseconds from the start of its process to the end of its first reconcile, at most 30 too many.
 */
export async function measureStart(
  cluster: Cluster,
  api: Api,
  signal: AbortSignal,
): Promise<number> {
  const old = await operatorPod(api, signal);
  await api.client.delete(pods, { namespace: operatorNamespace, name: old.name }, { signal });
  const late = AbortSignal.any([signal, AbortSignal.timeout(startMs)]);
  for (;;) {
    const name = (await operatorPods(api, late))
      .map(({ metadata }) => metadata?.name)
      .find((each) => each !== old.name);
    const pid = name === undefined ? undefined : findProcess(cluster, name);
    if (name !== undefined && pid !== undefined && (await hasReconciled(api, name, late))) {
      const ms = await ageOf(pid);
      await untilReady(api, late);
      return ms;
    }
    await sleep(pollMs, undefined, { signal: late });
  }
}

/** Waits for the readiness probe, which comes every few seconds. */
async function untilReady(api: Api, signal: AbortSignal): Promise<void> {
  while (!(await operatorPods(api, signal)).some(isReady)) {
    await sleep(500, undefined, { signal });
  }
}

function findProcess(cluster: Cluster, name: string): number | undefined {
  try {
    return processesOf(cluster.nodes, { namespace: operatorNamespace, name }).at(0);
  } catch {
    return undefined;
  }
}

async function hasReconciled(api: Api, pod: string, signal: AbortSignal): Promise<boolean> {
  try {
    const text = await operatorMetrics(api, pod, signal);
    return sumOf(text, 'controller_runtime_reconcile_total') > 0;
  } catch {
    // It does not listen yet.
    return false;
  }
}

export interface Idle {
  /** Resident memory of the operator's process, in bytes. */
  residentBytes: number;
  /** Requests to the API server other than GET, per minute. */
  writesPerMinute: number;
  /** CPU time, in seconds per minute. */
  cpuSecondsPerMinute: number;
}

/** Until then Events of the last change are still being written. */
const calmMs = 30_000;

/** Measures the idle operator for a minute. */
export async function measureIdle(api: Api, signal: AbortSignal): Promise<Idle> {
  await sleep(calmMs, undefined, { signal });
  const { name } = await operatorPod(api, signal);
  const before = await operatorMetrics(api, name, signal);
  await sleep(60_000, undefined, { signal });
  const after = await operatorMetrics(api, name, signal);
  const gained = (metric: string, chosen?: (labels: Record<string, string>) => boolean) =>
    sumOf(after, metric, chosen) - sumOf(before, metric, chosen);
  return {
    residentBytes: sumOf(after, 'process_resident_memory_bytes'),
    writesPerMinute: gained('rest_client_requests_total', ({ method }) => method !== 'GET'),
    cpuSecondsPerMinute: gained('process_cpu_seconds_total'),
  };
}
