import { durationMs } from '../../api/duration.ts';
import type { FailoverTrigger } from '../../api/status.ts';
import type { Resource } from '../model/observed.ts';

/** A new primary that fails within this time after its election has failed at once. Milliseconds. */
const atOnceMs = 60_000;
const mostDoublings = 4;

/** A user has caused it: no member has failed. */
export const isPlanned = (trigger: FailoverTrigger): boolean =>
  trigger === 'Switchover' || trigger === 'Stopped';

/**
 * Least time between the last failover and the next: failover.minInterval, doubled for each of the latest failovers that
 * followed another within a minute, 16 times that at most. Otherwise a fault that moves with the role, such as a request that
 * crashes the program, would stop one member after the other. Milliseconds.
 */
export function failoverBackoffMs({ spec, status }: Resource): number {
  const failovers = (status.failovers ?? []).filter(({ trigger }) => !isPlanned(trigger));
  let doublings = 0;
  for (let i = 0; i + 1 < failovers.length && doublings < mostDoublings; i++) {
    const [later, earlier] = [failovers[i], failovers[i + 1]];
    const between = Date.parse(later?.startedAt ?? '') - Date.parse(earlier?.startedAt ?? '');
    if (!(between < atOnceMs)) break;
    doublings++;
  }
  return durationMs(spec.failover.minInterval) * 2 ** doublings;
}
