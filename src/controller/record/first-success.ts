import type { EngineSpec } from '../../api/engine-spec.ts';
import type { Clock } from '../../lib/clock.ts';
import { createProbe } from '../../member-client/create-probe.ts';

/** How often a new connection is tried, in milliseconds: the measured figure is late by this at the most. */
const tryEveryMs = 10;

/**
 * Milliseconds-true time of the first answer through a Service, asked like a client on the operator's own node: over
 * new connections, since an old one outlives a repoint.
 *
 * @returns epoch milliseconds; undefined where `signal` came first.
 */
export function firstSuccess(
  target: { host: string; port: number; engine: EngineSpec },
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
      // A handful in flight is enough: one that hangs on the old address will not answer any more.
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
