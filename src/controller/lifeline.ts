import { type Clock, sleep } from '../core/clock.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Log } from '../telemetry/log.ts';
import type { Connection } from './connection.ts';

/** Well below the time after which idle connections are ended. Milliseconds, as all here. */
const everyMs = 5_000;
const timeoutMs = 3_000;
/** Failures in a row after which all connections are broken: they may hang for minutes after a cut has healed. */
const breakAfter = 2;

export interface LifelineOptions {
  client: Pick<KubeClient, 'ping' | 'reset'>;
  connection: Connection;
  clock: Clock;
  log: Log;
}

/**
 * Asks the API server again and again whether it is there, until the signal. So the operator knows when it is cut off
 * itself, and when that is over; and the first write of a failover finds a connection that stands.
 */
export async function holdLifeline(
  { client, connection, clock, log }: LifelineOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await client.ping({ timeoutMs, signal });
      if (failures > 0) log.info({ failures }, 'the API server is there again');
      failures = 0;
      connection.heard();
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
