import { type ConditionReason, relayed } from '../../api/reasons.ts';
import type { ChaosStatus } from '../../api/chaos-status.ts';
import type { FailoverRecord, RefusedMove } from '../../api/status.ts';
import { begunMs } from '../failover/failover-backoff.ts';
import type { FailoverPlan } from '../failover/failover-plan.ts';
import { inFlight } from '../failover/failover-plan.ts';
import {
  isLive,
  reportOf,
  seemsHealthy,
  seemsWell,
  whyNotHealthy,
  whyNotInRole,
} from '../model/member.ts';
import { needsFence } from '../model/capabilities.ts';
import { transportOf } from '../model/contact.ts';
import { isActive } from '../model/topology.ts';
import { chaosReady } from './chaos-condition.ts';
import { specWarning } from './spec-warnings.ts';
import type { DesiredCondition } from './desired-condition.ts';
import type { Excused } from './planned-absences.ts';
import { preparingOf } from './preparing.ts';
import { messagesOf } from './same-of-members.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';

export interface Plans {
  primary: Member | undefined;
  failover: FailoverPlan;
  /** The primary has acknowledged its role. */
  promoted: boolean;
  /** The write Service has the primary as its endpoint. */
  repointed: boolean;
  /** The faults, and what is none although a member is missing. */
  excused: Excused;
  /** What is being done, for the condition Progressing; empty if nothing is. */
  progress: string[];
  moveStarted: boolean;
  /** See ReplicaPlan. */
  refusedMove?: RefusedMove;
  /** status.chaos from the next pass on; absent: unchanged. */
  chaos?: ChaosStatus;
}

/** The service has never been ready: missing members are only starting. */
export const hasNeverStarted = (resource: Resource): boolean =>
  isActive(resource)
    ? ['Pending', 'Failed'].includes(resource.status.phase ?? 'Pending')
    : resource.status.epoch === undefined;

function readiness(resource: Resource, observed: Observed, plans: Plans): DesiredCondition {
  const type = 'Ready';
  const { primary } = plans;
  const not = (reason: ConditionReason<'Ready', 'False'>, message: string): DesiredCondition => ({
    type,
    status: false,
    reason,
    message,
  });
  const conflict = plans.excused.degradedReasons.find(
    ({ reason }) => reason === 'ServiceNameConflict',
  );
  if (conflict !== undefined) return not('ServiceNameConflict', conflict.message);
  if (resource.spec.replicas === 0) return not('Stopped', 'replicas is 0');
  if (isActive(resource)) {
    const healthy = observed.members.filter(seemsHealthy).length;
    return healthy > 0
      ? { type, status: true, reason: 'MembersHealthy', message: 'healthy members take traffic' }
      : not('NoHealthyMember', 'no member is healthy');
  }
  if (resource.status.primary === undefined) {
    return not('NoPrimary', 'no member has been healthy yet');
  }
  if (primary === undefined || !seemsHealthy(primary)) {
    const why = primary === undefined ? 'is gone' : whyNotHealthy(primary);
    return not('PrimaryDown', `the primary ${resource.status.primary} ${why}`);
  }
  if (!plans.repointed || !(plans.promoted || promotedBefore(resource, observed, primary))) {
    return not('Promoting', `${primary.name} is being promoted`);
  }
  return { type, status: true, reason: 'PrimaryReady', message: `${primary.name} takes writes` };
}

/** This process has not given the primary its role, but the Service points at it: the last process has given it. */
const promotedBefore = (resource: Resource, { roleCommands }: Observed, primary: Member) =>
  inFlight(resource) === undefined &&
  resource.status.fencing === undefined &&
  (primary.inheritsHealth === 'Healthy' || transportOf(resource.spec, primary) === undefined) &&
  !roleCommands.some(
    ({ action, uid, state, generation }) =>
      action === 'promote' && uid === primary.uid && (state !== 'Running' || generation > 0),
  );

function progressing({ spec }: Resource, { progress, failover }: Plans): DesiredCondition {
  const type = 'Progressing';
  if (spec.paused) {
    const message = 'spec.paused is true: nothing is changed until it is false';
    return { type, status: false, reason: 'Paused', message };
  }
  if (progress.length > 0) {
    return { type, status: true, reason: 'Acting', message: progress.join('; ') };
  }
  return failover.kind === 'Blocked'
    ? {
        type,
        status: false,
        reason: 'Waiting',
        message: 'a failover waits: the condition FailoverBlocked says for what',
      }
    : { type, status: false, reason: 'Stable', message: 'nothing to do' };
}

function degraded(
  resource: Resource,
  observed: Observed,
  { excused }: Plans,
  nowMs: number,
): DesiredCondition {
  const { degradedReasons, pods, notes } = excused;
  const type = 'Degraded';
  const { replicas } = resource.spec;
  const healthy = observed.members.filter(seemsWell).length;
  const counts = `${healthy} of ${replicas} members are healthy${withoutRole(observed.members)}${drained(observed.members)}`;
  const starting = preparingOf(resource, observed, nowMs);
  const summary = [counts, ...starting].join('. ');
  const [first] = degradedReasons;
  if (first !== undefined) {
    const message = messagesOf(resource.name, degradedReasons).join('. ');
    return { type, status: true, reason: first.reason, message };
  }
  if (healthy >= replicas) {
    return { type, status: false, reason: 'AllHealthy', message: summary };
  }
  if (hasNeverStarted(resource) || excused.isStart) {
    return { type, status: false, reason: 'Starting', message: summary };
  }
  const planned = [`${counts}; a planned change lets ${pods.join(', ')} be away`, ...notes];
  const message = [planned.join('; '), ...starting].join('. ');
  return healthy + pods.length >= replicas
    ? { type, status: false, reason: 'PlannedChange', message }
    : { type, status: true, reason: 'MembersMissing', message: summary };
}

function failoverBlocked({ failover }: Plans): DesiredCondition {
  const type = 'FailoverBlocked';
  if (failover.kind === 'Blocked') {
    return { type, status: true, reason: failover.reason, message: failover.message };
  }
  return { type, status: false, reason: 'NotNeeded', message: 'no failover is waiting' };
}

/** Members that answer and do not count: with these, one count is true for the whole status. */
function withoutRole(members: Member[]): string {
  const names = members.filter((member) => seemsHealthy(member) && !seemsWell(member));
  return names.length === 0
    ? ''
    : ` and in their roles; ${names.map((member) => `${member.name} ${whyNotInRole(member)}`).join(', ')}`;
}

/** Members whose pods are deleted while their nodes are cordoned: a drain, which somebody wants. */
const drained = (members: Member[]): string =>
  members
    .filter((member) => !isLive(member))
    .flatMap(({ name, leavesNode }) =>
      leavesNode === undefined ? [] : [`; ${name} is being deleted, and ${leavesNode}`],
    )
    .join('');

/** The pod that was primary before this failover is still there, and has not been seen in the new epoch. */
const mayStillLead = ({ from, to, epoch, ...record }: FailoverRecord, { members }: Observed) =>
  from !== to &&
  members.some(
    (member) =>
      member.name === from &&
      member.createdAtMs <= begunMs(record) &&
      !(seemsHealthy(member) && (reportOf(member)?.epoch ?? epoch) >= epoch),
  );

/** Strong: whether it is proved that the former primary takes no writes, and how; as long as that pod could take any. */
function fenced(resource: Resource, observed: Observed): DesiredCondition[] {
  const { status, spec } = resource;
  if (!needsFence(spec)) return [];
  const type = 'Fenced';
  if (status.fencing !== undefined) {
    const message = `${status.fencing.from ?? 'the former primary'} may still take writes: members are being told of epoch ${status.fencing.epoch}`;
    return [{ type, status: false, reason: 'Fencing', message }];
  }
  const [record] = status.failovers ?? [];
  const isOpen =
    record?.fence !== undefined &&
    (record === inFlight(resource) || mayStillLead(record, observed));
  if (!isOpen) {
    const message = 'no former primary is left that could take writes';
    return [{ type, status: false, reason: 'NotNeeded', message }];
  }
  const { fence = '' } = record;
  const [method = '', ...proof] = fence.split(': ');
  return [{ type, status: true, reason: relayed(method), message: proof.join(': ') }];
}

/** All conditions, Ready first. */
export const conditionsOf = (
  resource: Resource,
  observed: Observed,
  plans: Plans,
  nowMs: number,
): DesiredCondition[] => [
  readiness(resource, observed, plans),
  progressing(resource, plans),
  degraded(resource, observed, plans, nowMs),
  failoverBlocked(plans),
  ...fenced(resource, observed),
  ...specWarning(resource, observed),
  ...chaosReady(resource, observed, plans.chaos ?? resource.status.chaos ?? {}),
];
