import { isHAError } from '../api/errors.ts';
import { type Clock, sleep } from '../lib/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { pods } from '../kube/resources.ts';
import type { Log } from '../telemetry/log.ts';
import type { ApiServerHealth } from './state/api-server-health.ts';

/** Well below the time after which idle connections are ended. Milliseconds, as all here. */
const everyMs = 5_000;
const timeoutMs = 3_000;
/** Failures in a row after which all connections are broken: they may hang for minutes after a cut has healed. */
const breakAfter = 2;

/** The pod that this process runs in. */
export interface OwnPod {
  namespace: string;
  name: string;
  uid: string;
}

export interface ApiServerHealthOptions {
  client: Pick<KubeClient, 'ping' | 'reset' | 'get'>;
  /** Where it runs in a pod: it is the operator as long as that pod is there. */
  self?: OwnPod | undefined;
  connection: ApiServerHealth;
  clock: Clock;
  log: Log;
}

/**
 * Asks the API server again and again whether it is there, until the signal. So the operator knows when it is cut off
 * itself, and when that is over; and the first write of a failover finds a connection that stands.
 */
export async function watchApiServerHealth(
  options: ApiServerHealthOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, connection, clock, log } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const askedAt = clock.now();
      const isOperator = await ask(options, signal);
      if (failures > 0) log.info({ failures }, 'the API server is there again');
      failures = 0;
      if (isOperator) connection.confirmed(askedAt);
      else connection.heard();
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      connection.failed(error);
      if (failures === 1) log.warn({ error }, 'the API server does not answer');
      if (failures % breakAfter === 0) await client.reset();
    }
    await sleep(clock, everyMs, signal);
  }
}

/**
 * Whether the API server takes this process for the operator. A Deployment of one replica with strategy Recreate makes the next
 * pod only when this one's is gone from the API: then the next operator counts on this one's grants to end.
 *
 * @throws HAError where it did not answer.
 */
async function ask(
  { client, self, log }: ApiServerHealthOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (self === undefined) {
    await client.ping({ timeoutMs, signal });
    return true;
  }
  try {
    const pod = await client.get(pods, self, { timeoutMs, signal });
    if (pod.metadata?.uid === self.uid) return true;
  } catch (error) {
    if (!isHAError(error, 'HA_ERR_API_STATUS')) throw error;
  }
  log.error(
    { pod: self.name },
    'the pod of this operator is gone: it grants no leader time any more',
  );
  return false;
}
