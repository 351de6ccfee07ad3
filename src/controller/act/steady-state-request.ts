import { Client } from 'undici';
import { durationMs } from '../../api/duration.ts';
import { timeLimit } from '../../lib/time-limit.ts';

export interface SteadyStateRequest {
  /** Address of the Service. */
  host: string;
  port: number;
  path: string;
  /** A duration, from the start to the status of the answer. */
  timeout: string;
}

/**
 * One GET over a connection of its own. Redirects are not followed, and the body is not read. Never throws.
 *
 * @returns why the answer is not good, in a clause for a person; undefined if it is 2xx or 3xx
 */
export async function askSteadyState(
  { host, port, path, timeout }: SteadyStateRequest,
  signal: AbortSignal,
): Promise<string | undefined> {
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const deadline = timeLimit(durationMs(timeout));
  const client = new Client(origin, { pipelining: 0 });
  try {
    const { statusCode } = await client.request({
      method: 'GET',
      path,
      signal: AbortSignal.any([signal, deadline]),
    });
    return statusCode < 400 ? undefined : `was answered with ${statusCode}`;
  } catch (error) {
    if (deadline.aborted) return `was not answered within ${timeout}`;
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    // Not close(): that would wait for the rest of the answer.
    void client.destroy();
  }
}
