import type { HealthCheck } from '../../api/pod-contract.ts';
import type { Clock } from '../../lib/clock.ts';
import { createProbe } from '../../member-client/create-probe.ts';

/** How often a new connection is opened, in milliseconds: the measured time is too long by this at most. */
const tryEveryMs = 10;

/**
 * Measures when a Service first answers, as a client on the operator's own node sees it: over new connections, as an open one stays
 * with the old primary after a repoint. Never throws.
 *
 * @returns epoch milliseconds; undefined if `signal` was aborted first.
 */
export function firstSuccess(
  target: { host: string; port: number; engine: HealthCheck },
  clock: Clock,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const open = new Set<{ close(): void }>();
    let cancel = () => {};
    const finish = (atMs: number | undefined) => {
      cancel();
      signal.removeEventListener('abort', aborted);
      for (const probe of open) probe.close();
      resolve(atMs);
    };
    const aborted = () => finish(undefined);
    const attempt = () => {
      const probe = createProbe(target, clock, ({ type }) => {
        if (type === 'answer') finish(clock.wallNow());
      });
      open.add(probe);
      // Ten open connections are enough: those to the old address will not answer any more.
      if (open.size > 10) {
        const [oldest] = open;
        oldest?.close();
        if (oldest !== undefined) open.delete(oldest);
      }
      probe.beat();
      cancel = clock.after(tryEveryMs, attempt);
    };
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) finish(undefined);
    else attempt();
  });
}
