import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { isPlanned } from '../../core/failover/failover-backoff.ts';
import { healthOf } from '../../core/model/member.ts';
import type { Observed, Resource } from '../../core/model/observed.ts';
import type { Log } from '../../lib/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';

/** What a reconcile counts. */
export type ReconcileMetrics = Pick<
  Metrics,
  'setService' | 'forgetService' | 'failover' | 'failoverPhase' | 'expectExperiments' | 'experiment'
>;

/** Keeps the gauges of one resource in step with what is decided about it. */
export function recordMetrics(
  metrics: ReconcileMetrics,
  resource: Resource,
  observed: Observed,
  next: Status,
): void {
  const { namespace, name } = resource;
  const counts: Partial<Record<ReturnType<typeof healthOf>, number>> = {};
  for (const member of observed.members) {
    const health = healthOf(member);
    counts[health] = (counts[health] ?? 0) + 1;
  }
  metrics.setService({ namespace, name }, next.epoch ?? 0, counts);
  if (resource.spec.chaos !== undefined) metrics.expectExperiments({ namespace, name });
}

/** Logs the end of a failover, once, as it has landed: one line that says all. */
export function logFailover(log: Log, object: HAService, next: Status): void {
  const after = next.failovers?.[0];
  const before = object.status?.failovers?.find(({ epoch }) => epoch === after?.epoch);
  if (after?.outcome !== 'Completed' || before?.outcome !== 'Promoting') return;
  const { from = 'none', to, trigger, epoch, evidence, experiment, totalMs, waitMs } = after;
  const { detectMs, fenceMs, electMs, promoteMs, repointMs } = after;
  const phases = { waitMs, detectMs, fenceMs, electMs, promoteMs, repointMs };
  const took = totalMs === undefined ? '' : `, ${totalMs} ms after the verdict`;
  const what = isPlanned(trigger) ? 'switchover' : 'failover';
  log.info(
    { epoch, from, to, reason: trigger, evidence, experiment, totalMs, ...phases },
    trigger === 'Stopped'
      ? `the service is started again: ${to} takes writes${took}`
      : `${what} completed: ${to} takes writes instead of ${from} (${trigger})${took}`,
  );
}

/** Counts the failover that is complete with this status, and the times that it adds to its record: each once, as it has landed. */
export function countFailover(metrics: ReconcileMetrics, object: HAService, next: Status): void {
  const { namespace, name } = object.metadata;
  const after = next.failovers?.[0];
  const before = object.status?.failovers?.find(({ epoch }) => epoch === after?.epoch);
  if (after?.outcome !== 'Completed' || before === undefined) return;
  const isNew = before.outcome === 'Promoting';
  if (isNew) metrics.failover({ namespace, name }, after.trigger);
  const phases = ['detect', 'elect', 'promote', 'repoint', 'firstSuccess', 'total'] as const;
  for (const phase of phases) {
    const ms = after[`${phase}Ms`];
    const isCounted = !isNew && before[`${phase}Ms`] !== undefined;
    if (ms !== undefined && !isCounted) metrics.failoverPhase(phase, ms);
  }
}

/** Counts the experiments that have ended with this status: each once, as it has landed. */
export function countExperiments(metrics: ReconcileMetrics, object: HAService, next: Status): void {
  const { namespace, name } = object.metadata;
  const known = new Set((object.status?.chaos?.history ?? []).map(({ id }) => id));
  for (const { id, verdict, recoveryMs } of next.chaos?.history ?? []) {
    if (!known.has(id)) metrics.experiment({ namespace, name }, verdict, recoveryMs);
  }
}
