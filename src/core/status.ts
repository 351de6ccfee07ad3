import { nameLabel } from '../api/labels.ts';
import type { MemberStatus, Status } from '../api/status.ts';
import { toConditions } from './conditions.ts';
import { inFlight } from './failover.ts';
import { type Plans, findingsOf, neverWas } from './findings.ts';
import { healthOf, isLive, seemsHealthy, whyUnhealthy } from './member.ts';
import type { Member, Observed, Resource } from './observed.ts';
import { settleRecords } from './record.ts';
import { isActive } from './topology.ts';

export function roleOf(resource: Resource, member: Member): 'primary' | 'standby' | 'active' {
  if (isActive(resource)) return 'active';
  return member.uid === resource.status.primaryUID ? 'primary' : 'standby';
}

function memberStatus(resource: Resource, member: Member, nowMs: number): MemberStatus {
  const health = healthOf(member);
  const old = resource.status.members?.find((entry) => entry.uid === member.uid);
  const since =
    old?.health === health && old.since !== undefined
      ? old.since
      : new Date(isLive(member) ? (member.health?.sinceWallMs ?? nowMs) : nowMs).toISOString();
  return {
    pod: member.name,
    uid: member.uid,
    role: roleOf(resource, member),
    ...(member.zone === undefined ? {} : { zone: member.zone }),
    ...(member.node === undefined ? {} : { node: member.node }),
    health,
    since,
    ...(health === 'Healthy' || health === 'Terminating'
      ? {}
      : { message: whyUnhealthy(member).slice(0, 1024) }),
  };
}

function phaseOf(resource: Resource, observed: Observed, plans: Plans, ready: boolean) {
  const { spec } = resource;
  if (spec.paused) return 'Paused';
  if (spec.replicas === 0) return 'Stopped';
  if (!ready) {
    if (inFlight(resource) !== undefined) return 'FailingOver';
    if (neverWas(resource)) return 'Pending';
    if (plans.failover.kind === 'None' && plans.primary && seemsHealthy(plans.primary)) {
      return plans.problems.length > 0 ? 'Degraded' : 'FailingOver';
    }
    return 'Unavailable';
  }
  const whole = observed.members.filter(seemsHealthy).length >= spec.replicas;
  return whole && plans.problems.length === 0 ? 'Healthy' : 'Degraded';
}

/** The whole next status. Holds nothing that changes while the service does not, so that silence costs no write. */
export function nextStatus(
  resource: Resource,
  observed: Observed,
  plans: Plans,
  nowMs: number,
): Status {
  const { status, spec, generation } = resource;
  const found = findingsOf(resource, observed, plans);
  const conditions = toConditions(status.conditions ?? [], found, generation, nowMs);
  const ready = found[0]?.status === true;
  const healthy = observed.members.filter(seemsHealthy).length;
  const { primaryUID, ...rest } = status;
  // The UID is what counts; a name that somebody has edited is put right.
  const primary = plans.primary?.name ?? status.primary;
  delete rest.primary;
  const hasPrimary = !isActive(resource) && spec.replicas > 0;
  return {
    ...rest,
    ...settleRecords(resource),
    ...(hasPrimary && primary !== undefined ? { primary } : {}),
    ...(hasPrimary && primaryUID !== undefined ? { primaryUID } : {}),
    observedGeneration: generation,
    phase: phaseOf(resource, observed, plans, ready),
    ready: `${healthy}/${spec.replicas}`,
    replicas: observed.members.filter(isLive).length,
    readyReplicas: healthy,
    selector: `${nameLabel}=${resource.name}`,
    members: [...observed.members]
      .sort((a, b) => a.ordinal - b.ordinal)
      .map((member) => memberStatus(resource, member, nowMs)),
    ...(plans.moveStarted ? { lastRebalanceTime: new Date(nowMs).toISOString() } : {}),
    conditions,
  };
}
