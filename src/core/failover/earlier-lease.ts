import type { FailoverPlan } from './failover-plan.ts';
import { isHealthy } from '../model/member.ts';
import type { Observed } from '../model/observed.ts';

/**
 * No other member is elected before the lease has ended with which one leads on from before, unless that one is heard: then it says
 * itself that it leads no longer, or is fenced before the promotion.
 */
export function waitForEarlier(
  { earlierLease, members }: Observed,
  plan: FailoverPlan,
  nowMs: number,
): FailoverPlan {
  if (plan.kind !== 'Elect' || earlierLease === undefined) return plan;
  const { uid, endsInMs } = earlierLease;
  const isHeard = members.some((member) => member.uid === uid && isHealthy(member));
  if (plan.winner.uid === uid || isHeard || endsInMs <= 0) return plan;
  const message = 'the lease of the member that led before the first election must run out';
  return { kind: 'Wait', untilMs: nowMs + Math.ceil(endsInMs), message };
}
