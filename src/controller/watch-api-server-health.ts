import { type Driver, type Steps, ping, resetConnections } from '../kube/api-request.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { ApiServerHealth } from './state/api-server-health.ts';

/** How often the API server is asked: well below the time after which idle connections are closed. Milliseconds. */
const everyMs = 5_000;
const timeoutMs = 3_000;
/** Failures in a row after which all connections are closed: they may hang for minutes after the network works again. */
const breakAfter = 2;

export interface WatchOptions {
  drive: Driver;
  /** This process cannot have a successor: each answer confirms it as the operator. */
  isSole: boolean;
  apiServerHealth: ApiServerHealth;
  clock: Clock;
  log: Log;
}

/**
 * Sends a request to the API server every five seconds, until the signal, and reports the result to `apiServerHealth`. So the
 * operator knows when it is cut off itself, and when that is over; and the first write of a failover finds an open connection.
 */
export function watchApiServerHealth(options: WatchOptions, signal: AbortSignal): void {
  const { drive, clock, apiServerHealth, log, isSole } = options;
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
      yield* ping({ timeoutMs });
      if (failures > 0) log.info({ failures }, 'the API server answers again');
      failures = 0;
      if (isSole) apiServerHealth.confirmed(askedAt);
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
