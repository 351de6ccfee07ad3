import type { SteadyState } from '../../api/chaos-spec.ts';
import type { FailoverPlan } from '../failover/failover-plan.ts';
import { inFlight } from '../failover/failover-plan.ts';
import { quantityBytes } from '../failover/lag.ts';
import { hasEnded, isLive, isSynced, isWell, primaryOf, whyNotHealthy } from '../model/member.ts';
import type { Action } from '../model/action.ts';
import type { Degradation } from '../model/fault.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { behind, positionOf } from '../model/position.ts';
import { isActive } from '../model/topology.ts';
import type { ReplicaPlan } from '../replicas/replica-plan.ts';

/** One pass, as far as experiments look at it. */
export interface ChaosSubject {
  resource: Resource;
  observed: Observed;
  nowMs: number;
  failover: FailoverPlan;
  /** The primary has acknowledged its role. */
  promoted: boolean;
  /** The write Service has the primary as its endpoint. */
  repointed: boolean;
  replicas: ReplicaPlan;
  degradedReasons: Degradation[];
}

/** A failover is under way or waits, in a clause for a person. */
export function whyFailingOver({ resource, observed, failover }: ChaosSubject): string | undefined {
  const { fencing } = resource.status;
  if (fencing !== undefined) return `${fencing.from ?? 'the former primary'} is being fenced`;
  if (inFlight(resource) !== undefined) return `${resource.status.primary} is being made primary`;
  if (observed.unansweredElection !== undefined) {
    return 'the API server has not answered whether an election was written';
  }
  return failover.kind === 'Wait' || failover.kind === 'Blocked' ? failover.message : undefined;
}

/** The members that will stay: neither deleted nor ended. */
export const stayingMembers = ({ members }: Observed): Member[] =>
  members.filter((member) => isLive(member) && !hasEnded(member));

/** Members are created, deleted or moved, in a clause for a person. */
export function whyChanging({ resource, observed, replicas }: ChaosSubject): string | undefined {
  const wanted = resource.spec.replicas;
  const staying = stayingMembers(observed).length;
  const leaving = observed.members.find((member) => !isLive(member));
  if (leaving !== undefined) return `${leaving.name} is being deleted`;
  if (staying !== wanted) return `there are ${staying} of ${wanted} members`;
  const removed = replicas.remove[0]?.member;
  if (removed !== undefined) return `${removed.name} is about to be deleted`;
  if (replicas.moveStarted || replicas.create.length > 0)
    return 'a member is moved to another zone';
  return undefined;
}

/**
 * What keeps the service from its steady state, in a clause for a person; undefined if it is steady: as many members as the spec
 * asks for, all healthy, in their roles and caught up, the Service at the primary, and the user's own request answered.
 *
 * @param sinceMs an answer to a request that was sent earlier does not count. Epoch milliseconds.
 */
export function whyNotSteady(subject: ChaosSubject, sinceMs = -Infinity): string | undefined {
  const { resource, observed, degradedReasons } = subject;
  const changing = whyFailingOver(subject) ?? whyChanging(subject);
  if (changing !== undefined) return changing;
  const [degraded] = degradedReasons;
  if (degraded !== undefined) return degraded.message;
  for (const member of observed.members) {
    if (!isWell(member)) {
      return `${member.name} ${isSynced(member) ? whyNotHealthy(member) : 'does not follow the primary'}`;
    }
    if (isActive(resource) && !member.ready) return `${member.name} is not ready`;
  }
  return whyNotServing(subject) ?? whyLagging(subject) ?? whyProbeFails(subject, sinceMs);
}

function whyNotServing({ resource, observed, promoted, repointed }: ChaosSubject) {
  if (isActive(resource)) return undefined;
  const primary = primaryOf(resource, observed.members);
  if (primary === undefined) return 'there is no primary';
  if (!promoted) return `${primary.name} has not acknowledged its role`;
  return repointed ? undefined : `the Service does not point at ${primary.name} yet`;
}

function whyLagging({ resource, observed }: ChaosSubject): string | undefined {
  const primary = primaryOf(resource, observed.members);
  const most = quantityBytes(resource.spec.failover.maxLag);
  const leader = primary === undefined ? undefined : positionOf(primary);
  for (const member of observed.members) {
    const bytes = member === primary ? 0 : behind(leader, positionOf(member));
    if (bytes !== undefined && bytes > most) {
      return `${member.name} is ${bytes} bytes behind the primary (failover.maxLag is ${resource.spec.failover.maxLag})`;
    }
  }
  return undefined;
}

/** How old an answer to the user's request may be, to begin an experiment or to end one. Milliseconds. */
const probeFreshMs = 5_000;
/** How often the user's request is sent while an answer is needed. Milliseconds. */
const probeEveryMs = 1_000;

/** A new process of the operator has not heard all members yet: it knows too little to refuse, and too little to kill. */
export const hasUnheardMembers = ({ observed }: ChaosSubject): boolean =>
  observed.members.some(({ inheritsHealth }) => inheritsHealth !== undefined);

/** The age of the last answer to the user's request, as the spec has that now; a clock that was set back makes it old. Milliseconds. */
function probeAgeMs({ resource, observed, nowMs }: ChaosSubject): number {
  const { probe } = observed.chaos ?? {};
  const isSame = isSameTarget(probe?.target, resource.spec.chaos?.steadyState);
  return probe !== undefined && isSame ? Math.abs(nowMs - probe.atMs) : Infinity;
}

const isSameTarget = (a: SteadyState | undefined, b: SteadyState | undefined) =>
  a?.service === b?.service && a?.port === b?.port && a?.path === b?.path;

/** Whether there is no fresh answer to the user's request, which an experiment must wait for. */
export const lacksProbe = (subject: ChaosSubject): boolean =>
  subject.resource.spec.chaos?.steadyState !== undefined && probeAgeMs(subject) > probeFreshMs;

/** The user's request, if it is time to send it again. */
export function probeDue(subject: ChaosSubject): Action[] {
  const target = subject.resource.spec.chaos?.steadyState;
  const isDue = target !== undefined && probeAgeMs(subject) >= probeEveryMs;
  return isDue ? [{ type: 'ProbeSteadyState', target }] : [];
}

function whyProbeFails(subject: ChaosSubject, sinceMs: number): string | undefined {
  const { resource, observed } = subject;
  const steadyState = resource.spec.chaos?.steadyState;
  if (steadyState === undefined) return undefined;
  const { service, port, path } = steadyState;
  const probe = observed.chaos?.probe;
  if (probe === undefined || probe.sentAtMs < sinceMs || lacksProbe(subject)) {
    return `the request ${path} to Service ${service}:${port} (chaos.steadyState) has not been answered yet`;
  }
  return probe.problem === undefined
    ? undefined
    : `the request ${path} to Service ${service}:${port} (chaos.steadyState) ${probe.problem}`;
}
