import { isHAError } from '../api/errors.ts';
import { type Driver, type Steps, get, ping, resetConnections } from '../kube/api-request.ts';
import type { Clock } from '../lib/clock.ts';
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

export interface WatchOptions {
  drive: Driver;
  /** The pod that this process runs in, if it runs in one: this process is the operator as long as that pod is there. */
  self?: OwnPod | undefined;
  apiServerHealth: ApiServerHealth;
  clock: Clock;
  log: Log;
}

/**
 * Asks the API server every five seconds whether it is there, until the signal. So the operator knows when it is cut off
 * itself, and when that is over; and the first write of a failover finds a connection that stands.
 */
export function watchApiServerHealth(options: WatchOptions, signal: AbortSignal): void {
  const { drive, clock, apiServerHealth, log } = options;
  let failures = 0;
  let cancel = () => {};
  signal.addEventListener('abort', () => cancel(), { once: true });
  const again = () => {
    if (signal.aborted) return;
    drive(check(), signal, () => {
      cancel = clock.after(everyMs, again);
      if (signal.aborted) cancel();
    });
  };
  again();

  function* check(): Steps<void> {
    try {
      const askedAt = clock.now();
      const isOperator = yield* ask(options);
      if (failures > 0) log.info({ failures }, 'the API server answers again');
      failures = 0;
      if (isOperator) apiServerHealth.confirmed(askedAt);
      else apiServerHealth.answered();
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      apiServerHealth.failed(error);
      if (failures === 1) log.warn({ error }, 'the API server does not answer');
      if (failures % breakAfter === 0) yield* resetConnections();
    }
  }
}

/**
 * Whether the API server takes this process for the operator. A Deployment of one replica with strategy Recreate makes the next
 * pod only when this one's is gone from the API: then the next operator counts on this one's grants to end.
 *
 * @throws HAError if the API server did not answer.
 */
function* ask({ self, log }: WatchOptions): Steps<boolean> {
  if (self === undefined) {
    yield* ping({ timeoutMs });
    return true;
  }
  try {
    const pod = yield* get(pods, self, { timeoutMs });
    if (pod.metadata?.uid === self.uid) return true;
  } catch (error) {
    if (!isHAError(error, 'HA_ERR_API_STATUS')) throw error;
  }
  log.error({ pod: self.name }, 'the pod of this operator is gone: it grants no leases any more');
  return false;
}
