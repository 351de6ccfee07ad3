import { type Clock, sleep } from '../lib/clock.ts';
import { isForbidden, isNotFound } from '../kube/api-error.ts';
import type { KubeClient } from '../kube/client.ts';
import { pods } from '../kube/resources.ts';
import type { Log } from '../lib/log.ts';
import type { OwnPod } from './watch-api-server-health.ts';

/** Name of the operator's container in manifests/operator.yaml. */
const containerName = 'operator';
const timeoutMs = 5_000;
/** Wait before the next attempt. */
const againMs = 1_000;
/** For how long a refusal is tried again. Milliseconds. */
const refusalRetryMs = 30_000;

/**
 * Tells of each error of an operator that begins whether the API server keeps refusing what the role does not allow, or has no such
 * object. An API server that was just started refuses requests which it allows a moment later, when it has read its roles; so the
 * time in which it did not answer, or refused for another reason such as too many requests, does not count.
 */
export function lastingRefusal(clock: Clock): (error: unknown) => boolean {
  let sinceMs: number | undefined;
  return (error) => {
    const isRefused = isForbidden(error) || isNotFound(error);
    sinceMs = isRefused ? (sinceMs ?? clock.now()) : undefined;
    return sinceMs !== undefined && clock.now() - sinceMs >= refusalRetryMs;
  };
}

export interface Self {
  self?: OwnPod;
  /** Image of the operator's container: it contains the agent. */
  agentImage?: string;
}

export interface OwnPodOptions {
  client: Pick<KubeClient, 'get'>;
  /** POD_NAME and POD_NAMESPACE; AGENT_IMAGE replaces the image of the operator's own container. */
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Log;
}

/**
 * Reads the pod that this process runs in, for its UID and its image. Called once, at start. Waits for the API server until the
 * signal, and never throws. The result has no `self` if the process runs outside of a cluster, or may not read its pod.
 */
export async function findOwnPod(
  { client, env, clock, log }: OwnPodOptions,
  signal: AbortSignal,
): Promise<Self> {
  const { POD_NAME: name, POD_NAMESPACE: namespace, AGENT_IMAGE: given } = env;
  const image = given === undefined || given === '' ? undefined : given;
  const nothing = image === undefined ? {} : { agentImage: image };
  if (!name || !namespace) return nothing;
  const isLasting = lastingRefusal(clock);
  while (!signal.aborted) {
    try {
      const pod = await client.get(pods, { namespace, name }, { timeoutMs, signal });
      const container = pod.spec?.containers.find((each) => each.name === containerName);
      const agentImage = image ?? container?.image;
      return {
        self: { namespace, name, uid: pod.metadata?.uid ?? '' },
        ...(agentImage === undefined ? {} : { agentImage }),
      };
    } catch (error) {
      if (signal.aborted) break;
      log.warn({ error, pod: name }, 'the pod of this operator cannot be read');
      if (isLasting(error)) return nothing;
      await sleep(clock, againMs, signal);
    }
  }
  return nothing;
}
