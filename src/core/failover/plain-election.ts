import { type ElectionContext, describeRejections, elect } from './election.ts';
import type { FailoverPlan } from './failover-plan.ts';
import { epochAfter, epochsOf, firstHeardMs, whyNone } from './first-election.ts';
import { isHealthy } from '../model/member.ts';
import type { Observed, Resource } from '../model/observed.ts';

/** How long the first election waits for other members when one is healthy: the lowest ordinal should win. */
const firstElectionWaitMs = 2_000;

/** The first election of programs that report nothing. */
export function firstElection(
  resource: Resource,
  observed: Observed,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const wish = { ...context, keepLabelled: true };
  const { winner, rejected, forbidden } = elect(observed.members, wish);
  const message = describeRejections(rejected);
  const healthy = observed.members.filter(isHealthy);
  if (healthy.length === 0) return { kind: 'Wait', untilMs: Infinity, message };
  const untilMs = firstHeardMs(healthy, nowMs) + firstElectionWaitMs;
  if (healthy.length < resource.spec.replicas && nowMs < untilMs) {
    return { kind: 'Wait', untilMs, message };
  }
  if (winner === undefined) return whyNone(resource, message, forbidden);
  const epoch = epochAfter(resource, epochsOf(resource, healthy));
  return { kind: 'Elect', winner, why: 'there is no primary yet', epoch };
}
