import { isHAError } from '../api/errors.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { pods } from '../kube/resources.ts';
import type { Log } from '../lib/log.ts';
import type { OwnPod } from './watch-api-server-health.ts';

/** Name of the operator's container in manifests/operator.yaml. */
const containerName = 'operator';
const timeoutMs = 5_000;
/** Wait before the next attempt. */
const againMs = 1_000;
/**
 * For how long a refusal is tried again. An API server that was just started refuses requests which it allows a moment later, when
 * it has read its roles. Milliseconds.
 */
const refusalRetryMs = 30_000;

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
  const startedAt = clock.now();
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
      const isRefused = isHAError(error, 'HA_ERR_API_STATUS') && (error.status ?? 0) < 500;
      if (isRefused && clock.now() - startedAt >= refusalRetryMs) return nothing;
      await sleep(clock, againMs, signal);
    }
  }
  return nothing;
}
