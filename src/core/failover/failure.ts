import { durationMs } from '../../api/duration.ts';
import type { FailoverTrigger } from '../../api/status.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { promoteAttempts } from './election.ts';
import { isolationOf } from './isolation.ts';
import { hasLess } from './half-copies.ts';
import { describePhase, hasEnded, isLive } from '../model/member.ts';
import type { RoleCommandState, Member, Observed, Resource } from '../model/observed.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { roleCommandStateOf } from '../model/role-commands.ts';

export interface Failure {
  trigger: FailoverTrigger;
  /** What is wrong, for conditions: the text stays the same while the failure does. */
  what: string;
  /** What was observed and when, for the record. */
  evidence: string;
  /** Epoch milliseconds of the verdict. */
  atMs: number;
  detectMs?: number;
  /** Its pod was deleted through the API, by whomever. */
  isDeleted?: true;
  /** What a user has asked for, so that it does not wait: see guard(). */
  request?: string;
}

/** Why the primary needs a successor; undefined if it does not. */
export function failureOf(
  resource: Resource,
  observed: Observed,
  primary: Member | undefined,
  nowMs: number,
): Failure | undefined {
  const name = resource.status.primary ?? '';
  const gone = (how: string): Failure => {
    const isStopped = resource.status.stopped === true;
    const what = isStopped
      ? `the service was stopped (replicas: 0) while ${name} led`
      : `pod ${name} ${how}`;
    return { trigger: isStopped ? 'Stopped' : 'PodGone', what, evidence: what, atMs: nowMs };
  };
  const deleted = (how: string): Failure => ({ ...gone(how), isDeleted: true });
  if (primary === undefined) return deleted('is gone');
  if (!isLive(primary)) return deleted('is being deleted');
  if (hasEnded(primary)) return gone(`has ended: ${describePhase(primary)}`);
  const { health } = primary;
  if (primary.ip === undefined && health === undefined) return gone('has lost its address');
  const what = `${name} ${health?.message ?? ''}`;
  if (health?.verdict === 'Dead' || health?.verdict === 'Unhealthy') {
    const trigger =
      health.verdict === 'Unhealthy'
        ? 'Unhealthy'
        : health.cause === 'Refused'
          ? 'Crash'
          : 'Silent';
    return {
      trigger,
      what,
      evidence: health.evidence,
      atMs: health.sinceWallMs,
      detectMs: Math.max(0, health.silentMs - (nowMs - health.sinceWallMs)),
    };
  }
  if (health?.verdict === 'Unknown') {
    // It was primary before this operator started, and has not answered since.
    const since = health.sinceWallMs;
    if (nowMs - since >= durationMs(resource.spec.heartbeat.timeout)) {
      const trigger = health.cause === 'Refused' ? 'Crash' : 'Silent';
      const { evidence } = health;
      return { trigger, what, evidence, atMs: since, detectMs: nowMs - since };
    }
  }
  return (
    refusal(resource, primary, nowMs) ??
    lostRole(resource, observed, primary) ??
    promotionFailure(resource, observed.roleCommands, primary, nowMs) ??
    isolationOf(resource, observed, primary)
  );
}

/** Another client has given the primary an order: it refuses all orders of this service. */
function refusal({ status }: Resource, primary: Member, nowMs: number): Failure | undefined {
  if (!refusesAll(primary, status.epoch)) return undefined;
  const what = `${primary.name} has acknowledged epoch ${primary.health?.report?.epoch}, which this service has not got to, and refuses all that it is told`;
  return { trigger: 'TooHighEpoch', what, evidence: what, atMs: nowMs };
}

/**
 * The primary has led in this epoch and does not lead any more: another process of it was started. That process must not lead in this
 * epoch: its positions cannot be compared with those from before (Redis counts from 0 after a restart). Neither may a member lead
 * that came back with less than it had when it was elected, or that a late order of an older epoch has made an unfinished copy.
 * A member that planOrders never promotes must not stay the primary.
 */
function lostRole(resource: Resource, observed: Observed, primary: Member): Failure | undefined {
  const { status } = resource;
  const { name, health } = primary;
  const report = health?.report;
  if (health === undefined || report === undefined || status.fencing !== undefined)
    return undefined;
  if (report.state === 'Empty' && status.initialized === true) {
    const what = `${name} has lost its data`;
    return { trigger: 'DataLost', what, evidence: what, atMs: health.sinceWallMs };
  }
  const { state } = report;
  if (state === 'Leading' || state === 'Starting' || state === 'Empty') return undefined;
  const hasLed = state === 'Detached' && report.ledEpoch === status.epoch;
  const isLess = hasLess(resource, observed, primary);
  if (!hasLed && !isLess) return undefined;
  const what = isLess
    ? `${name} was restarted and may no longer have all that it was elected for`
    : `${name} was restarted`;
  return { trigger: 'Restarted', what, evidence: what, atMs: health.sinceWallMs };
}

function promotionFailure(
  resource: Resource,
  roleCommands: RoleCommandState[],
  primary: Member,
  nowMs: number,
): Failure | undefined {
  const promotion = roleCommandStateOf(roleCommands, 'promote', primary);
  if (promotion === undefined || promotion.epoch !== resource.status.epoch) return undefined;
  if (promotion.failures < promoteAttempts) return undefined;
  // It makes the first data set, which takes as long as it takes. Another member would make a second one, and then the data of the
  // first member are foreign for ever.
  const isFirst = knowsItsProgram(resource.spec) && resource.status.initialized !== true;
  if (isFirst && promotion.isLate === true) return undefined;
  const what = `${primary.name} could not be promoted: ${promotion.message}`;
  return { trigger: 'PromoteFailed', what, evidence: promotion.message, atMs: nowMs };
}
