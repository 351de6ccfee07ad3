import { nameLabel } from '../../api/labels.ts';
import { needsPerson } from '../../api/reasons.ts';
import type { Condition, MemberStatus, Status } from '../../api/status.ts';
import { inFlight } from '../failover/failover-plan.ts';
import { type Plans, conditionsOf, hasNeverStarted } from './conditions.ts';
import { consistencyOf } from './consistency.ts';
import { copyStatusOf } from './copy-status.ts';
import { toConditions } from './desired-condition.ts';
import { lagOf } from '../failover/lag.ts';
import { hasQuorum } from '../model/capabilities.ts';
import {
  healthOf,
  isLive,
  reportOf,
  seemsHealthy,
  seemsWell,
  whyNotHealthy,
  whyNotInRole,
} from '../model/member.ts';
import { neverPrimaryEntry } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { finishRecords } from '../failover/failover-history.ts';
import { afterStop } from '../failover/stopped.ts';
import { nextSets } from '../failover/sync-sets.ts';
import { isOutdated } from '../resources/pod.ts';
import { isActive, roleOf } from '../model/topology.ts';

/** The fields that come from the member's report. */
function reported(
  resource: Resource,
  member: Member,
  leader: Member | undefined,
  nowMs: number,
): Partial<MemberStatus> {
  const report = reportOf(member);
  if (report === undefined || !isLive(member)) return {};
  const copy = copyStatusOf(resource, member, nowMs);
  return {
    state: report.state,
    epoch: report.epoch,
    ...(copy === undefined ? {} : { copy }),
    ...lagOf(member, leader),
  };
}

/** Why the member does not count as ready. */
function messageOf(member: Member, health: MemberStatus['health']): Pick<MemberStatus, 'message'> {
  if (health === 'Terminating') return {};
  if (health !== 'Healthy') return { message: whyNotHealthy(member).slice(0, 1024) };
  return seemsWell(member) ? {} : { message: whyNotInRole(member).slice(0, 1024) };
}

function memberStatus(
  resource: Resource,
  member: Member,
  leader: Member | undefined,
  nowMs: number,
): MemberStatus {
  const health = healthOf(member);
  const never = isActive(resource) ? undefined : neverPrimaryEntry(resource, member);
  const old = resource.status.members?.find((entry) => entry.uid === member.uid);
  // While its node is not known, as a Node object that is made anew: failover.neverPrimary needs its zone.
  const zone = member.zone ?? (member.nodeReady ? undefined : old?.zone);
  const since =
    old?.health === health && old.since !== undefined
      ? old.since
      : new Date(isLive(member) ? (member.health?.sinceWallMs ?? nowMs) : nowMs).toISOString();
  return {
    pod: member.name,
    uid: member.uid,
    role: roleOf(resource, member),
    ...(never === undefined ? {} : { neverPrimary: never }),
    ...(zone === undefined ? {} : { zone }),
    ...(member.node === undefined ? {} : { node: member.node }),
    health,
    since,
    ...reported(resource, member, leader, nowMs),
    ...messageOf(member, health),
  };
}

function phaseOf(resource: Resource, observed: Observed, plans: Plans, ready: boolean) {
  const { spec } = resource;
  if (spec.paused) return 'Paused';
  if (spec.replicas === 0) return 'Stopped';
  if (!ready) {
    if (resource.status.fencing !== undefined && plans.failover.kind !== 'Blocked') {
      return 'FailingOver';
    }
    if (inFlight(resource) !== undefined) return 'FailingOver';
    if (hasNeverStarted(resource)) {
      const isStuck = plans.excused.degradedReasons.some(({ reason }) =>
        needsPerson('Degraded', reason),
      );
      return isStuck ? 'Failed' : 'Pending';
    }
    if (plans.failover.kind === 'None' && plans.primary && seemsHealthy(plans.primary)) {
      return plans.excused.degradedReasons.length > 0 ? 'Degraded' : 'FailingOver';
    }
    return 'Unavailable';
  }
  const { degradedReasons, pods } = plans.excused;
  const healthy = observed.members.filter(seemsWell).length;
  if (degradedReasons.length > 0 || healthy + pods.length < spec.replicas) return 'Degraded';
  const isChanging = observed.members.some(
    (member) => isLive(member) && isOutdated(resource, member),
  );
  return healthy < spec.replicas || isChanging ? 'Progressing' : 'Healthy';
}

/** The most urgent reason of now, for a person who looks at one line; none if all is well, or if the phase says it. */
function reasonOf(conditions: Condition[]): Pick<Status, 'reason'> {
  const reasonIf = (type: string, status: string) =>
    conditions.find((condition) => condition.type === type && condition.status === status)?.reason;
  const isOff = reasonIf('Ready', 'False') === 'Stopped';
  const unready = isOff ? undefined : reasonIf('Ready', 'False');
  const degraded = reasonIf('Degraded', 'True');
  // That members are missing is the least that can be said: why nobody takes writes says more.
  const [first, second] = degraded === 'MembersMissing' ? [unready, degraded] : [degraded, unready];
  const reason = reasonIf('FailoverBlocked', 'True') ?? first ?? second;
  return reason === undefined ? {} : { reason };
}

/** The sync sets from the next pass on. */
function syncSets(resource: Resource, observed: Observed, { primary, promoted }: Plans) {
  const { status, spec } = resource;
  if (!hasQuorum(spec) || spec.replicas === 0) return {};
  if (primary === undefined || status.fencing !== undefined) return {};
  const report = reportOf(primary);
  if (!promoted && report?.state !== 'Leading') return {};
  // The first sets begin with an election: then no order of an earlier epoch can change them.
  if ((status.syncSets ?? []).length === 0) return {};
  const sets = nextSets(resource, observed, primary);
  return sets === undefined ? {} : { syncSets: sets };
}

/**
 * The status without the fields of a quorum, if the spec no longer needs one; and in ActiveActive without a fence or a stopped primary:
 * there is no primary that they could be about, and updates and scale-downs would wait for their end for ever.
 */
function withoutStale(status: Status, resource: Resource): Status {
  if (hasQuorum(resource.spec)) return status;
  const { syncSets: _sets, ...rest } = status;
  if (!isActive(resource)) return rest;
  const { fencing: _fencing, stopped: _stopped, ...active } = rest;
  return active;
}

/**
 * As how many members the service has been complete. That falls only when no member is too many: until then the ones that are, up to this
 * number, are those of a scale-down.
 */
function scaledTo({ status, spec }: Resource, live: number): Pick<Status, 'scaledTo'> {
  if (spec.volumeClaimTemplates.length === 0) return {};
  const { replicas } = spec;
  const before = status.scaledTo ?? 0;
  const isSurplus = live > replicas;
  return {
    scaledTo: isSurplus ? Math.max(before, replicas) : Math.max(live, Math.min(before, replicas)),
  };
}

/** With the newest one for each zone, and without those that a change of the spec has made obsolete. */
function refusedMoves(
  { status, generation }: Resource,
  { refusedMove }: Plans,
): Pick<Status, 'refusedMoves'> {
  const others = (status.refusedMoves ?? []).filter(
    (each) => each.zone !== refusedMove?.zone && each.generation === generation,
  );
  const moves = [...(refusedMove === undefined ? [] : [refusedMove]), ...others].slice(0, 16);
  return moves.length === 0 ? {} : { refusedMoves: moves };
}

/** The whole next status. Nothing in it changes while the service does not, so that an idle service causes no write. */
export function nextStatus(
  resource: Resource,
  observed: Observed,
  plans: Plans,
  nowMs: number,
): Status {
  const { status, spec, generation } = resource;
  const found = conditionsOf(resource, observed, plans);
  const conditions = toConditions(status.conditions ?? [], found, generation, nowMs);
  const ready = found[0]?.status === true;
  const healthy = observed.members.filter(seemsWell).length;
  const { primaryUID, ...all } = afterStop(resource, observed, plans.primary);
  const rest = withoutStale(all, resource);
  // The UID counts; a name that somebody has edited is corrected.
  const primary = plans.primary?.name ?? status.primary;
  delete rest.primary;
  delete rest.refusedMoves;
  delete rest.plannedAbsences;
  delete rest.primaryLeaseMs;
  delete rest.consistency;
  delete rest.reason;
  delete rest.scaledTo;
  const { absences } = plans.excused;
  const hasPrimary = !isActive(resource) && primaryUID !== undefined;
  // Its pod may be gone, and its program run on: until another member leads, its lease counts, whatever the spec says now.
  const known = plans.primary ?? { leaseMs: status.primaryLeaseMs };
  const primaryLeaseMs = hasPrimary ? known.leaseMs : undefined;
  return {
    ...rest,
    ...finishRecords(resource, observed.members),
    ...(hasPrimary && primary !== undefined ? { primary } : {}),
    ...(hasPrimary ? { primaryUID, ...consistencyOf(resource, plans.primary) } : {}),
    ...(primaryLeaseMs === undefined ? {} : { primaryLeaseMs }),
    observedGeneration: generation,
    phase: phaseOf(resource, observed, plans, ready),
    ...reasonOf(conditions),
    ...scaledTo(resource, observed.members.filter(isLive).length),
    ready: `${healthy}/${spec.replicas}`,
    replicas: observed.members.filter(isLive).length,
    readyReplicas: healthy,
    selector: `${nameLabel}=${resource.name}`,
    members: [...observed.members]
      .sort((a, b) => a.ordinal - b.ordinal)
      .map((member) => memberStatus(resource, member, plans.primary, nowMs)),
    ...syncSets(resource, observed, plans),
    ...(plans.chaos === undefined ? {} : { chaos: plans.chaos }),
    ...(absences.length === 0 ? {} : { plannedAbsences: absences }),
    ...refusedMoves(resource, plans),
    ...(plans.moveStarted ? { lastRebalanceTime: new Date(nowMs).toISOString() } : {}),
    conditions,
  };
}
