import { keepsDown, keepsFromStarting } from '../../api/reasons.ts';
import type { Condition, Status } from '../../api/status.ts';
import { inFlight } from '../failover/failover-plan.ts';
import { isLive, problemsOf, reportOf, seemsHealthy, seemsWell } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import { type Plans, hasNeverStarted } from './conditions.ts';
import { memberDegradedReason } from './degraded-reasons.ts';
import { isFirstAnswerLate } from './first-answer.ts';

/**
 * A service that is not ready waits for a person: it has never started, and a fault keeps a member down, or no program has given a good
 * answer in its time; or it has led, and a fault keeps each of its members down; or its Service belongs to somebody else. In ActiveActive the phase is all that tells whether it has ever started, see hasNeverStarted.
 */
function isStuck(resource: Resource, { members }: Observed, plans: Plans, nowMs: number): boolean {
  const reasons = plans.excused.degradedReasons.map(({ reason }) => reason);
  const isNew = hasNeverStarted(resource);
  // In ActiveActive the phase alone tells that the service has been ready.
  if (reasons.includes('ServiceNameConflict') && !isActive(resource)) return true;
  const isLate = isNew && isFirstAnswerLate(resource, members, nowMs);
  if (isLate && reasons.some(keepsFromStarting)) return true;
  if (!reasons.some(keepsDown)) return false;
  if (isNew) return true;
  const isDown = (member: Member) =>
    !seemsWell(member) &&
    [memberDegradedReason(resource, member, nowMs), ...problemsOf(reportOf(member))].some(
      (fault) => fault !== undefined && keepsDown(fault.reason),
    );
  const live = members.filter(isLive);
  // Pods that are only being replaced are down for no fault; pods that cannot be created are.
  return !isActive(resource) && live.every(isDown) && (live.length > 0 || members.length === 0);
}

/** No member has ever taken writes: its first primary is being promoted. */
const isFirstPromotion = ({ status }: Resource): boolean =>
  status.failovers === undefined &&
  // What holds data has failed after it has led.
  (status.phase === 'Pending' || (status.phase === 'Failed' && status.initialized !== true));

export function phaseOf(
  resource: Resource,
  observed: Observed,
  plans: Plans,
  ready: boolean,
  nowMs: number,
): NonNullable<Status['phase']> {
  const { spec } = resource;
  if (spec.paused) return 'Paused';
  if (spec.replicas === 0) return 'Stopped';
  if (!ready) {
    if (isStuck(resource, observed, plans, nowMs)) return 'Failed';
    const { isStart, degradedReasons } = plans.excused;
    if (isStart && degradedReasons.length === 0 && plans.failover.kind !== 'Blocked') {
      return 'Progressing';
    }
    if (resource.status.fencing !== undefined && plans.failover.kind !== 'Blocked') {
      return 'FailingOver';
    }
    if (inFlight(resource) !== undefined) return 'FailingOver';
    if (hasNeverStarted(resource) || isFirstPromotion(resource)) return 'Pending';
    if (plans.failover.kind === 'None' && plans.primary && seemsHealthy(plans.primary)) {
      return plans.excused.degradedReasons.length > 0 ? 'Degraded' : 'FailingOver';
    }
    return 'Unavailable';
  }
  const { degradedReasons, pods } = plans.excused;
  const healthy = observed.members.filter(seemsWell).length;
  if (degradedReasons.length > 0 || healthy + pods.length < spec.replicas) return 'Degraded';
  return healthy < spec.replicas || plans.progress.length > 0 ? 'Progressing' : 'Healthy';
}

/** The most urgent reason of now, for a person who looks at one line; none if all is well, or if the phase says it. */
export function reasonOf(
  conditions: Condition[],
  phase: Status['phase'],
  { excused }: Plans,
): Pick<Status, 'reason'> {
  const { degradedReasons } = excused;
  const toCorrect =
    degradedReasons.find(({ reason }) => keepsDown(reason)) ??
    degradedReasons.find(({ reason }) => keepsFromStarting(reason));
  if (phase === 'Failed' && toCorrect !== undefined) return { reason: toCorrect.reason };
  const reasonIf = (type: string, status: string) =>
    conditions.find((condition) => condition.type === type && condition.status === status)?.reason;
  const isOff = reasonIf('Ready', 'False') === 'Stopped' || phase === 'Progressing';
  const unready = isOff ? undefined : reasonIf('Ready', 'False');
  const degraded = reasonIf('Degraded', 'True');
  // That members are missing is the least that can be said: why nobody takes writes says more.
  const [first, second] = degraded === 'MembersMissing' ? [unready, degraded] : [degraded, unready];
  const reason = reasonIf('FailoverBlocked', 'True') ?? first ?? second;
  return reason === undefined ? {} : { reason };
}
