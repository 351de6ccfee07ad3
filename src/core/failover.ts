import { durationMs } from '../api/duration.ts';
import type { FailoverRecord } from '../api/status.ts';
import {
  type ElectionContext,
  describeRejections,
  elect,
  promoteAttempts,
  promoteFailures,
} from './election.ts';
import { type Failure, failureOf } from './failure.ts';
import { isHealthy, primaryOf } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';
import { templateHash } from './pod.ts';
import { isActive } from './topology.ts';
import { hearingSinceMs } from './witness.ts';

/** How long the first election waits for the other members, once one is healthy: the lowest ordinal should win. */
const firstElectionWaitMs = 2_000;
/** Failovers that the status remembers. */
const historyLength = 20;

export type FailoverPlan =
  | { kind: 'None' }
  /** Wait: why is nobody's fault yet, but look again then. */
  | { kind: 'Wait'; untilMs: number; message: string }
  | { kind: 'Blocked'; reason: string; message: string; untilMs?: number }
  | { kind: 'Elect'; winner: Member; why: string; record?: FailoverRecord };

/** The failover that is running: the newest one, of the present epoch. */
export const inFlight = ({ spec, status }: Resource): FailoverRecord | undefined => {
  const record = status.failovers?.[0];
  const runs =
    record?.outcome === 'Promoting' &&
    record.epoch === status.epoch &&
    status.primary !== undefined &&
    spec.topology === 'ActivePassive' &&
    spec.replicas > 0;
  return runs ? record : undefined;
};

/** All but the primary are made from the wished-for template, and well: time to hand over, so that it can follow. */
function wantsSwitchover(resource: Resource, observed: Observed, primary: Member): boolean {
  const hash = templateHash(resource.spec);
  if (primary.templateHash === hash || inFlight(resource) !== undefined) return false;
  const others = observed.members.filter((member) => member.uid !== primary.uid);
  return (
    others.length > 0 &&
    others.length >= resource.spec.replicas - 1 &&
    others.every((member) => isHealthy(member) && member.templateHash === hash)
  );
}

function firstElection(
  resource: Resource,
  observed: Observed,
  context: ElectionContext,
  nowMs: number,
): FailoverPlan {
  const { winner, rejected } = elect(observed.members, { ...context, keepLabelled: true });
  if (winner === undefined) {
    return { kind: 'Wait', untilMs: Infinity, message: describeRejections(rejected) };
  }
  const healthy = observed.members.filter(isHealthy);
  const first = Math.min(...healthy.map((member) => member.health?.sinceWallMs ?? nowMs));
  const untilMs = first + firstElectionWaitMs;
  if (healthy.length < resource.spec.replicas && nowMs < untilMs) {
    return { kind: 'Wait', untilMs, message: describeRejections(rejected) };
  }
  return { kind: 'Elect', winner, why: 'there is no primary yet' };
}

function guard(resource: Resource, failure: Failure, nowMs: number): FailoverPlan | undefined {
  const { failover } = resource.spec;
  // A pod that is gone does not come back: the delay is for one that may.
  const delayed = failure.atMs + durationMs(failover.delay);
  if (failure.detectMs !== undefined && nowMs < delayed) {
    return {
      kind: 'Blocked',
      reason: 'Delay',
      message: `${failure.what}; failover.delay gives it ${failover.delay} to come back`,
      untilMs: delayed,
    };
  }
  const last = resource.status.failovers?.find(
    (record) => record.outcome === 'Completed' && record.trigger !== 'Switchover',
  );
  if (last === undefined || inFlight(resource) !== undefined) return undefined;
  const rested = Date.parse(last.startedAt) + durationMs(failover.minInterval);
  if (nowMs >= rested) return undefined;
  return {
    kind: 'Blocked',
    reason: 'MinInterval',
    message: `${failure.what}; the last failover is less than failover.minInterval (${failover.minInterval}) ago`,
    untilMs: rested,
  };
}

/** Decides whether a primary must be elected now, and who. Nothing may be promoted before that is committed. */
export function planFailover(resource: Resource, observed: Observed, nowMs: number): FailoverPlan {
  const plan = planUnpaused(resource, observed, nowMs);
  if (plan.kind !== 'Elect' || !resource.spec.paused) return plan;
  return {
    kind: 'Blocked',
    reason: 'Paused',
    message: `${plan.why}; spec.paused is true: set it to false to let ${plan.winner.name} take over`,
  };
}

function planUnpaused(resource: Resource, observed: Observed, nowMs: number): FailoverPlan {
  const { spec, status } = resource;
  if (isActive(resource) || spec.replicas === 0) return { kind: 'None' };
  const context: ElectionContext = {
    operatorZone: observed.operatorZone,
    templateHash: templateHash(spec),
    hooks: observed.hooks,
  };
  if (status.primary === undefined) return firstElection(resource, observed, context, nowMs);

  const primary = primaryOf(resource, observed.members);
  if (primary !== undefined && wantsSwitchover(resource, observed, primary)) {
    const others = observed.members.filter((member) => member.uid !== primary.uid);
    const { winner } = elect(others, { ...context, failedZone: primary.zone });
    if (winner !== undefined) {
      const what =
        'the pod template has changed, and only the primary is still made from the old one';
      const switchover = { what, evidence: what, atMs: nowMs };
      return elected(resource, winner, { trigger: 'Switchover', ...switchover });
    }
  }
  const failure = failureOf(resource, observed, primary, nowMs);
  if (failure === undefined) return unknownYet(resource, primary);

  const hearingMs = hearingSinceMs(observed);
  const doubtMs = hearingMs + durationMs(spec.heartbeat.timeout);
  const isDoubtful = hearingMs >= failure.atMs && nowMs < doubtMs && Number.isFinite(doubtMs);
  if (failure.trigger === 'Silent' && isDoubtful) {
    const message = `${failure.what}; but the operator itself heard nobody until just now`;
    return { kind: 'Wait', untilMs: doubtMs, message };
  }
  const guarded = guard(resource, failure, nowMs);
  if (guarded !== undefined) return guarded;
  const { winner, rejected } = elect(observed.members, {
    ...context,
    failedZone: status.members?.find(({ uid }) => uid === status.primaryUID)?.zone ?? primary?.zone,
    keepLabelled: failure.trigger === 'PodGone',
    onlyName: spec.failover.automatic ? undefined : status.primary,
  });
  const hopeless =
    winner === undefined || promoteFailures(winner, observed.hooks) >= promoteAttempts;
  if (failure.trigger === 'PromoteFailed' && hopeless) {
    return {
      kind: 'Blocked',
      reason: 'PromoteFailed',
      message: `${status.primary} cannot be promoted, and no other member can: ${failure.evidence}; look at its log`,
    };
  }
  if (winner !== undefined) return elected(resource, winner, failure);
  return spec.failover.automatic
    ? {
        kind: 'Blocked',
        reason: 'NoCandidate',
        message: `${failure.what}; no member can take over: ${describeRejections(rejected)}. It goes on when one is healthy`,
      }
    : {
        kind: 'Blocked',
        reason: 'AutomaticFailoverDisabled',
        message: `${failure.what}; failover.automatic is false: repair ${status.primary}, or set it to true to promote another member`,
      };
}

/** A primary not heard yet by a new operator has until the timeout. */
function unknownYet(resource: Resource, primary: Member | undefined): FailoverPlan {
  const { health } = primary ?? {};
  if (health?.verdict !== 'Unknown') return { kind: 'None' };
  const untilMs = health.sinceWallMs + durationMs(resource.spec.heartbeat.timeout);
  return { kind: 'Wait', untilMs, message: `${primary?.name} has not been heard yet` };
}

function elected(resource: Resource, winner: Member, failure: Failure): FailoverPlan {
  const from = resource.status.primary;
  return {
    kind: 'Elect',
    winner,
    why: failure.what,
    record: {
      epoch: (resource.status.epoch ?? 0) + 1,
      ...(from === undefined ? {} : { from }),
      to: winner.name,
      trigger: failure.trigger,
      evidence: failure.evidence,
      startedAt: new Date(failure.atMs).toISOString(),
      ...(failure.detectMs === undefined ? {} : { detectMs: Math.round(failure.detectMs) }),
      outcome: 'Promoting',
    },
  };
}

/** History with a new failover on top; one that had not ended is superseded. */
export const withRecord = (history: FailoverRecord[], record: FailoverRecord): FailoverRecord[] =>
  [
    record,
    ...history.map((old) =>
      old.outcome === 'Promoting' ? { ...old, outcome: 'Superseded' as const } : old,
    ),
  ].slice(0, historyLength);
