import type { Status } from '../../api/status.ts';
import type { FailoverPlan } from './failover-plan.ts';
import { needsLease, speaksProtocol } from '../model/capabilities.ts';
import { transportOf } from '../model/contact.ts';
import { isComplete, isHealthy, isLive, reportOf, whyNotHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { refusesAll } from '../model/refuses-all.ts';
import { keepsData } from '../resources/kept-data.ts';

/** How long the member that led when the service was stopped may take to come back before a condition reports that. Milliseconds. */
const comingMs = 30_000;

/** The member takes orders, and its data outlive its pod, as its pod was made. */
const hasLastingData = (spec: Resource['spec'], member: Member): boolean =>
  member.keepsData === true &&
  (member.isAgentUnseen === true || transportOf(spec, member) !== undefined);

/**
 * Whether the leader is remembered during a stop: for its data, or because its lease must have ended. That follows from how its pod was
 * made, as the spec may have changed in the same edit. The spec of this minute answers only if no pod is left that could; what was
 * remembered once stays remembered.
 */
function remembersLeader(
  { spec, status }: Resource,
  { members }: Pick<Observed, 'members'>,
): boolean {
  if (status.primaryUID === undefined || spec.topology === 'ActiveActive') return false;
  const leader = members.find(({ uid }) => uid === status.primaryUID);
  const leaseMs = leader?.leaseMs ?? status.primaryLeaseMs;
  if (status.stopped === true || needsLease(spec) || leaseMs !== undefined) return true;
  if (leader !== undefined) return hasLastingData(spec, leader);
  return members.length > 0
    ? members.some((member) => hasLastingData(spec, member))
    : speaksProtocol(spec) && keepsData(spec);
}

/**
 * What remains of the status when the service is scaled to 0. The member that led has the newest data on its volume, so that it
 * must lead again: the status remembers it. If data are deleted with the pods, the user has given them up, and the service starts
 * without data.
 *
 * @param primary its pod, if it exists
 */
export function afterStop(
  resource: Resource,
  observed: Pick<Observed, 'members'>,
  primary: Member | undefined,
): Status {
  const { spec, status } = resource;
  if (spec.replicas > 0) {
    const { stopped, ...rest } = status;
    // Started again before its pod was deleted.
    return stopped === true && primary !== undefined && isLive(primary) ? rest : status;
  }
  if (remembersLeader(resource, observed)) return { ...status, stopped: true };
  const { primary: _name, primaryUID: _uid, ...rest } = status;
  const { initialized: _initialized, syncSets: _sets, termStart: _start, ...fresh } = rest;
  return fresh;
}

/** Whether the pods may be deleted for a scale to 0: not before the status remembers the leader, as the user may soon scale up again. */
export const mayStop = (resource: Resource, observed: Observed): boolean =>
  // The phase is written together with `stopped`, also if an older CRD drops that field.
  resource.status.stopped === true ||
  resource.status.phase === 'Stopped' ||
  !remembersLeader(resource, observed);

/** The member that led when the service was stopped, by the name of its volume: the pod is another. */
const holderOf = ({ status }: Resource, { members }: Observed): Member | undefined =>
  members.find(({ name }) => name === status.primary);

/** After a stop: that member, if it is back with its data. Then it alone may lead. */
export function holderBack(resource: Resource, observed: Observed): Member | undefined {
  const { stopped, epoch } = resource.status;
  const holder = stopped === true ? holderOf(resource, observed) : undefined;
  if (holder === undefined || !keepsData(resource.spec)) return undefined;
  // A member that leads already needs no election.
  const hasData = isComplete(holder) && reportOf(holder)?.state !== 'Leading';
  return isHealthy(holder) && hasData && !refusesAll(holder, epoch) ? holder : undefined;
}

/** Until when the holder may take to come back without a report in a condition; undefined if that time is over. */
export function comesUntilMs(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): number | undefined {
  const holder = holderOf(resource, observed);
  const others = observed.members.filter((member) => member !== holder && isHealthy(member));
  const sinceMs =
    holder?.createdAtMs ?? Math.min(...others.map(({ health }) => health?.sinceWallMs ?? nowMs));
  // No other member either: the time has not begun.
  return sinceMs === Infinity ? Infinity : endOf(sinceMs, comingMs, nowMs);
}

/**
 * Why no member is elected yet after a stop, if no quorum proves which one holds everything. After a restart of all members their
 * positions need not be comparable, and another member may start sooner, with older data. Undefined if there was no stop, or the
 * holder is back, with its data or without.
 */
export function absentHolder(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): FailoverPlan | undefined {
  const { primary = '', stopped } = resource.status;
  if (stopped !== true || !keepsData(resource.spec)) return undefined;
  const holder = holderOf(resource, observed);
  const state = reportOf(holder)?.state;
  const isHeard = holder !== undefined && isHealthy(holder);
  const isLoading = isHeard && state === 'Starting';
  if (isHeard && !isLoading) return undefined;
  const why = isLoading
    ? 'is loading its data'
    : holder === undefined
      ? 'has no pod yet'
      : whyNotHealthy(holder);
  const message = `the service was stopped (replicas: 0) while ${primary} led, and ${primary} ${why}: it holds the newest data`;
  // The wait has no limit: the member is there.
  if (isLoading) return { kind: 'Wait', untilMs: Infinity, message };
  const untilMs = comesUntilMs(resource, observed, nowMs);
  if (untilMs !== undefined) return { kind: 'Wait', untilMs, message };
  if (resource.spec.failover.onNoCandidate === 'PromoteAnyway') return undefined;
  return {
    kind: 'Blocked',
    reason: 'PrimaryMissing',
    message: `${message}. It goes on when ${primary} is back; to go on without it, set failover.onNoCandidate: PromoteAnyway`,
  };
}
