import { durationMs } from '../../api/duration.ts';
import { candidatesOf } from './candidates.ts';
import { describeRejections, elect } from './election.ts';
import { electionContextOf } from './election-context.ts';
import {
  type FailoverPlan,
  electionOf,
  fencingOf,
  neverPrimary,
  nextEpoch,
  whatHelps,
} from './failover-plan.ts';
import { failureOf } from './failure.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { waitForEarlier } from './earlier-lease.ts';
import { mustFence } from './fence.ts';
import { firstElectionByReports } from './first-election.ts';
import { guard, noPromotableCandidate } from './failover-guard.ts';
import { halfCopies } from './half-copies.ts';
import { tooFarBehind } from './lag.ts';
import { hasQuorum, speaksProtocol } from '../model/capabilities.ts';
import { takesNoOrders } from '../model/contact.ts';
import { isHealthy, primaryOf } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { firstElection } from './plain-election.ts';
import { planFence, planFenced } from './fenced-failover.ts';
import { isActive } from '../model/topology.ts';
import { judgeSilence } from '../model/deafness.ts';
import { knowsTooLittle } from '../model/refuses-all.ts';
import { absentHolder, holderBack } from './stopped.ts';
import { planSwitchover } from './switchover.ts';
import { needsFirstSets } from './sync-sets.ts';

/** Decides whether a primary must be elected now, and which member. No member may be promoted before that is committed. */
export function planFailover(resource: Resource, observed: Observed, nowMs: number): FailoverPlan {
  const plan = planUnpaused(resource, observed, nowMs);
  const isElection = plan.kind === 'Elect' || plan.kind === 'Fence';
  if (isElection && !resource.spec.paused) return plan;
  // Nothing else is decided before the result of that write is known. This message is a write of its own, which shows the result.
  if (observed.unansweredElection !== undefined) {
    return {
      kind: 'Blocked',
      reason: 'Unsettled',
      message: `the API server has not answered whether an election was written (on resourceVersion ${observed.unansweredElection})`,
    };
  }
  if (!isElection) {
    if (!resource.spec.paused || resource.status.fencing === undefined) return plan;
    // Paused after the fence has begun: writes may be held up, and only an edit by the user ends that.
    if (plan.kind === 'None') return plan;
    const message = `${plan.message}; no member is told anything while spec.paused is true: set it to false`;
    return { kind: 'Blocked', reason: 'Paused', message };
  }
  const who = plan.kind === 'Elect' ? plan.winner.name : 'another member';
  return {
    kind: 'Blocked',
    reason: 'Paused',
    message: `${plan.why}; spec.paused is true: set it to false to let ${who} take over`,
  };
}

function planUnpaused(resource: Resource, observed: Observed, nowMs: number): FailoverPlan {
  const { spec, status } = resource;
  if (isActive(resource) || spec.replicas === 0) return { kind: 'None' };
  const context = electionContextOf(resource, observed);
  // Pods of an earlier resource that were made without an agent report nothing: their labels say who leads.
  const arePlain =
    status.primary === undefined &&
    !hasQuorum(spec) &&
    observed.members.some((member) => takesNoOrders(spec, member));
  if (speaksProtocol(spec) && !arePlain) {
    if (status.primary === undefined || knowsTooLittle(resource, observed)) {
      const plan = firstElectionByReports(resource, observed, context, nowMs);
      return waitForEarlier(observed, plan, nowMs);
    }
  } else if (status.primary === undefined) {
    return waitForEarlier(observed, firstElection(resource, observed, context, nowMs), nowMs);
  }
  const primary = primaryOf(resource, observed.members);
  if (status.fencing !== undefined) {
    return planFenced(resource, observed, status.fencing, context, nowMs);
  }
  if (primary !== undefined && needsFirstSets(resource, observed, primary)) {
    const why =
      'a new epoch begins, so that no earlier order can change who must acknowledge writes';
    return { kind: 'Elect', winner: primary, why, epoch: nextEpoch(resource) };
  }
  const planned = primary && planSwitchover(resource, observed, primary, context, nowMs);
  if (planned !== undefined) return planned;
  const found = failureOf(resource, observed, primary, nowMs);
  if (found === undefined) return unknownYet(resource, primary);
  // Not yet: followers may restore their links.
  if (found.atMs > nowMs) return { kind: 'Wait', untilMs: found.atMs, message: found.what };

  if (found.trigger === 'Silent') {
    const { mayBeOwn, certainAtMs } = judgeSilence(resource, observed, found.atMs);
    // While no member answers, none can be elected either: then the condition names what is missing.
    if (mayBeOwn && nowMs < certainAtMs && Number.isFinite(certainAtMs)) {
      const message = `${found.what}; but until just now no member answered, so that the operator's own network may be the cause`;
      return { kind: 'Wait', untilMs: certainAtMs, message };
    }
  }
  const { blocked, failure } = guard(resource, observed, found, nowMs);
  const guarded = blocked ?? noPromotableCandidate(resource, observed, failure, nowMs);
  if (guarded !== undefined) return guarded;
  const hasLease = !hasQuorum(spec) && mustFence(resource, observed);
  // Nothing has ever been written: there is nothing to fence, and no data to preserve. A leader with a lease is excluded: it may have
  // accepted writes since its promotion without any acknowledgement.
  if (speaksProtocol(spec) && !hasLease && status.initialized !== true) {
    return firstElectionByReports(resource, observed, context, nowMs);
  }
  const isBack = primary !== undefined && isHealthy(primary);
  // The members have no agent, and none can be added: the condition Degraded says what Strong needs, and the service continues as before.
  const isStuck =
    primary !== undefined &&
    takesNoOrders(spec, primary) &&
    agentDegradedReasons(resource).length > 0;
  if (mustFence(resource, observed) && !isStuck && (spec.failover.automatic || isBack)) {
    return planFence(resource, observed, failure, context, nowMs);
  }
  const absent = absentHolder(resource, observed, nowMs);
  if (absent !== undefined) return absent;
  const isHolderBack = holderBack(resource, observed) !== undefined;
  const { winner, rejected, ranked, forbidden } = elect(observed.members, {
    ...context,
    failedZone: status.members?.find(({ uid }) => uid === status.primaryUID)?.zone ?? primary?.zone,
    keepLabelled: failure.trigger === 'PodGone',
    onlyName: spec.failover.automatic && !isHolderBack ? undefined : status.primary,
  });
  if (winner !== undefined) {
    const late = tooFarBehind(resource, observed, winner);
    if (late !== undefined) {
      return { kind: 'Blocked', reason: 'LagTooGreat', message: `${failure.what}; ${late}` };
    }
    return electionOf(winner, failure.what, fencingOf(resource, failure, nowMs), {
      ...(speaksProtocol(spec) ? { candidates: candidatesOf(ranked, rejected) } : {}),
    });
  }
  const { automatic, onNoCandidate } = spec.failover;
  // They are ordered to stop copying, and then have the data that they had before.
  if (onNoCandidate === 'PromoteAnyway' && automatic && halfCopies(resource, observed).length > 0) {
    return { kind: 'Fence', why: failure.what, fencing: fencingOf(resource, failure, nowMs) };
  }
  if (forbidden.length > 0) {
    return neverPrimary(resource, failure.what, describeRejections(rejected), forbidden);
  }
  return automatic
    ? {
        kind: 'Blocked',
        reason: 'NoCandidate',
        message: `${failure.what}; no member can take over: ${describeRejections(rejected)}. ${whatHelps(resource, observed)}`,
      }
    : {
        kind: 'Blocked',
        reason: 'AutomaticFailoverDisabled',
        message: `${failure.what}; failover.automatic is false: repair ${status.primary}, or set it to true to promote another member`,
      };
}

/** A new operator waits for the primary's first answer until the timeout. */
function unknownYet(resource: Resource, primary: Member | undefined): FailoverPlan {
  const { health } = primary ?? {};
  if (health?.verdict !== 'Unknown') return { kind: 'None' };
  const untilMs = health.sinceWallMs + durationMs(resource.spec.heartbeat.timeout);
  return { kind: 'Wait', untilMs, message: `${primary?.name} has not been heard yet` };
}
