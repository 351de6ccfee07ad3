import { isHAError } from '../api/errors.ts';
import { isNotFound } from '../kube/api-error.ts';
import { type Driver, type Steps, get, ping, resetConnections } from '../kube/api-request.ts';
import type { Clock } from '../lib/clock.ts';
import { pods } from '../kube/resources.ts';
import type { Log } from '../lib/log.ts';
import type { ApiServerHealth } from './state/api-server-health.ts';

/** How often the API server is asked: well below the time after which idle connections are closed. Milliseconds. */
const everyMs = 5_000;
const timeoutMs = 3_000;
/** Failures in a row after which all connections are closed: they may hang for minutes after the network works again. */
const breakAfter = 2;

/** The pod that this process runs in. */
export interface OwnPod {
  namespace: string;
  name: string;
  uid: string;
}

export interface WatchOptions {
  drive: Driver;
  /** The pod that this process runs in, if it runs in one: this process is the operator as long as that pod exists. */
  self?: OwnPod | undefined;
  apiServerHealth: ApiServerHealth;
  clock: Clock;
  log: Log;
}

/**
 * Sends a request to the API server every five seconds, until the signal, and reports the result to `apiServerHealth`. So the
 * operator knows when it is cut off itself, and when that is over; and the first write of a failover finds an open connection.
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
 * Whether the API server says that it still has this process's own pod. A Deployment of one replica with strategy Recreate creates the next pod
 * only after this one is gone from the API; from then on the next operator expects that this one grants no more leases.
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
    if (!isNotFound(error)) {
      log.warn(
        { pod: self.name, error },
        'the API server has refused or failed to say whether the pod of this operator exists: no lease is granted until it says so; if the request is forbidden, apply the RBAC rules that came with this operator',
      );
      return false;
    }
  }
  log.error(
    { pod: self.name },
    'the pod of this operator is gone from the API server: this process grants no leases any more',
  );
  return false;
}
