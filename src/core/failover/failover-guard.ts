import { durationMs } from '../../api/duration.ts';
import { failoverNowAnnotation } from '../../api/labels.ts';
import { couldNotBePromoted } from './election.ts';
import { type FailoverPlan, heldSinceMs, inFlight } from './failover-plan.ts';
import type { Failure } from './failure.ts';
import { begunMs, failoverBackoffMs, isFault, isPlanned } from './failover-backoff.ts';
import { isHealthy } from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import { userRequest } from '../model/user-request.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';

/** What a person can do about a promotion that fails. */
const whatHelps = ({ spec: { engine } }: Resource): string =>
  engine.promote === undefined
    ? 'look at its log'
    : 'correct spec.engine.promote, or what answers it in the pod: see its log';

/** The command that ends the wait. */
const goOnNow = ({ name, namespace }: Resource) =>
  `to go on now, \`kubectl annotate --overwrite has ${name} -n ${namespace} ${failoverNowAnnotation}="$(date -Is)"\``;

/** What delays a failover that is due: failover.delay, or the backoff after the last failover. */
function delayOf(
  resource: Resource,
  { members }: Observed,
  failure: Failure,
  nowMs: number,
): FailoverPlan | undefined {
  const { failover } = resource.spec;
  if (isPlanned(failure.trigger)) return undefined;
  // A fault that moves with the role deletes no pod. While a failover waits, the operator may do so.
  if (failure.isDeleted === true && heldSinceMs(resource, nowMs) === undefined) return undefined;
  // A pod that is gone does not come back: the delay is for members that may recover.
  const delayed = failure.atMs + durationMs(failover.delay);
  if (failure.detectMs !== undefined && nowMs < delayed) {
    return {
      kind: 'Blocked',
      reason: 'Delay',
      message: `${failure.what}; failover.delay gives it ${failover.delay} to come back; ${goOnNow(resource)}`,
      untilMs: delayed,
    };
  }
  const last = resource.status.failovers?.find(
    (record) => record.outcome === 'Completed' && isFault(record),
  );
  if (last === undefined || inFlight(resource) !== undefined) return undefined;
  const restsMs = failoverBackoffMs(resource, members);
  const untilMs = endOf(begunMs(last), restsMs, nowMs);
  if (untilMs === undefined) return undefined;
  const isPlain = restsMs === durationMs(failover.minInterval);
  return {
    kind: 'Blocked',
    reason: 'MinInterval',
    message: isPlain
      ? `${failure.what}; the last failover is less than failover.minInterval (${failover.minInterval}) ago; ${goOnNow(resource)}`
      : `${failure.what}; new primaries have failed one after the other, so that the next failover waits ${restsMs / 1000} s (failover.minInterval, doubled each time); look what kills them; ${goOnNow(resource)}`,
    untilMs,
  };
}

/**
 * What delays a failover that is due, if no user has asked that it goes on at once. Otherwise the failure has the request, which
 * goes into the record: each request ends one wait.
 */
export function guard(
  resource: Resource,
  observed: Observed,
  failure: Failure,
  nowMs: number,
): { blocked?: FailoverPlan; failure: Failure } {
  const blocked = delayOf(resource, observed, failure, nowMs);
  if (blocked === undefined) return { failure };
  const { failovers = [] } = resource.status;
  const handled = failovers.find(({ request }) => request !== undefined)?.request;
  const annotation = resource.requests?.failoverNow;
  const about = { handled, refused: undefined };
  const request = userRequest(annotation, about, resource.createdAtMs, nowMs);
  if (request.kind === 'Due') return { failure: { ...failure, request: request.value } };
  if (request.kind === 'None' || blocked.kind !== 'Blocked') return { blocked, failure };
  const why = `${failoverNowAnnotation}=${request.value} ends no wait: ${request.why}`;
  return { blocked: { ...blocked, message: `${blocked.message} (${why})` }, failure };
}

/** How long a primary that cannot be promoted, and that no other member could replace, is tried before the next election. */
const anotherRoundMs = 30_000;

/** A failover could make it the primary. */
export const isPromotable = (
  resource: Resource,
  { roleCommands }: Observed,
  member: Member,
): boolean =>
  member.uid !== resource.status.primaryUID &&
  isHealthy(member) &&
  mayLead(resource, member) &&
  !couldNotBePromoted(member, roleCommands);

/** The primary cannot be promoted, and no other member can be either: the promotion is tried again and again. */
export function noPromotableCandidate(
  resource: Resource,
  observed: Observed,
  { trigger, evidence }: Failure,
  nowMs: number,
): FailoverPlan | undefined {
  const { status } = resource;
  if (trigger !== 'PromoteFailed') return undefined;
  const blocked = { kind: 'Blocked', reason: 'PromoteFailed' } as const;
  if (!observed.members.some((member) => isPromotable(resource, observed, member))) {
    const message = `${status.primary} cannot be promoted, and no other member can: ${evidence}; ${whatHelps(resource)}`;
    return { ...blocked, message };
  }
  // Strong: it was elected again although it could not be promoted, because no other member certainly holds its writes.
  const last = status.failovers?.[0];
  const isSame = last?.trigger === trigger && last.from === last.to && last.to === status.primary;
  const untilMs = isSame ? endOf(begunMs(last), anotherRoundMs, nowMs) : undefined;
  if (untilMs === undefined) return undefined;
  const message = `${status.primary} cannot be promoted, and it holds writes that no other member is sure to hold: ${evidence}; ${whatHelps(resource)}`;
  return { ...blocked, message, untilMs };
}
