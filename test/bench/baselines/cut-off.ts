import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../../src/kube/api-types.ts';
import { type Sample, parseSample } from '../../framework/sample.ts';
import type { RunningClient } from '../../framework/traffic.ts';
import type { Kube } from './kube.ts';

const readMs = 30_000;

/** Writes of a client on the primary's node that knows only this primary, while the node is cut off. */
export interface CutOff {
  /** Acknowledged after the other members had a primary that takes writes, and before the cut ended. */
  acknowledged: number;
  /** How long after that the last of them was acknowledged. Milliseconds; 0 if there is none. */
  lastMs: number;
}

/**
 * @param newPrimaryAt when the first write to the new primary was acknowledged. @param healedAt when the cut ended.
 * Milliseconds since the Unix epoch.
 */
export function cutOffOf(
  samples: readonly Sample[],
  newPrimaryAt: number,
  healedAt: number,
): CutOff {
  const late = samples.filter(
    ({ ok, endedAt }) => ok && endedAt > newPrimaryAt && endedAt < healedAt,
  );
  const last = late.reduce((latest, { endedAt }) => Math.max(latest, endedAt), newPrimaryAt);
  return { acknowledged: late.length, lastMs: Math.round(last - newPrimaryAt) };
}

/** All samples that a client has logged on its node: those from the time of the cut could not be sent. */
export async function samplesOnNode(
  kube: Kube,
  client: Pick<RunningClient<string>, 'stop'> & { pod: string },
  timeoutMs: number,
): Promise<Sample[]> {
  const path = `/api/v1/namespaces/${kube.namespace}/pods/${client.pod}/log`;
  // The kubelet must be reachable again first.
  await sleep(1_000, undefined, { signal: kube.signal });
  const text = await kube.until('the log of a client', readMs, () =>
    kube.api.text(path, AbortSignal.any([kube.signal, AbortSignal.timeout(readMs)])),
  );
  return text.split('\n').flatMap((line) => {
    const parsed = parseSample(line, timeoutMs);
    return parsed === undefined ? [] : [parsed.sample];
  });
}

export const nodeOf = (pod: Pod): string => pod.spec?.nodeName ?? '';
