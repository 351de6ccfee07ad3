import { nameLabel } from '../api/labels.ts';
import type { FailoverRecord, MemberStatus, Status } from '../api/status.ts';
import { type Finding, toConditions } from './conditions.ts';
import { type FailoverPlan, inFlight } from './failover.ts';
import { healthOf, isHealthy, isLive, whyUnhealthy } from './member.ts';
import type { Member, Observed, Problem, Resource, Timeline } from './observed.ts';

export interface Plans {
  primary: Member | undefined;
  failover: FailoverPlan;
  /** The primary has been told so. */
  promoted: boolean;
  /** The write Service points at the primary. */
  repointed: boolean;
  problems: Problem[];
  /** What is being done, for the condition Progressing; empty when nothing is. */
  progress: string[];
  moveStarted: boolean;
}

const isActive = (resource: Resource) => resource.spec.topology === 'ActiveActive';

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

function readiness(resource: Resource, observed: Observed, plans: Plans): Finding {
  const type = 'Ready';
  const { primary } = plans;
  const conflict = plans.problems.find(({ reason }) => reason === 'ServiceNameConflict');
  if (conflict !== undefined) return { type, status: false, ...conflict };
  if (resource.spec.replicas === 0) {
    return { type, status: false, reason: 'Stopped', message: 'replicas is 0' };
  }
  if (isActive(resource)) {
    const healthy = observed.members.filter(isHealthy).length;
    return healthy > 0
      ? { type, status: true, reason: 'MembersHealthy', message: 'healthy members take traffic' }
      : { type, status: false, reason: 'NoHealthyMember', message: 'no member is healthy' };
  }
  if (resource.status.primary === undefined) {
    return { type, status: false, reason: 'NoPrimary', message: 'no member has been healthy yet' };
  }
  if (primary === undefined || !isHealthy(primary)) {
    const why = primary === undefined ? 'is gone' : whyUnhealthy(primary);
    return {
      type,
      status: false,
      reason: 'PrimaryDown',
      message: `the primary ${resource.status.primary} ${why}`,
    };
  }
  if (!plans.promoted || !plans.repointed) {
    return {
      type,
      status: false,
      reason: 'Promoting',
      message: `${primary.name} is being promoted`,
    };
  }
  return { type, status: true, reason: 'PrimaryReady', message: `${primary.name} takes writes` };
}

function findings(resource: Resource, observed: Observed, plans: Plans): Finding[] {
  const { problems, progress, failover } = plans;
  const healthy = observed.members.filter(isHealthy).length;
  const missing = healthy < resource.spec.replicas;
  const summary = `${healthy} of ${resource.spec.replicas} members are healthy`;
  const [first] = problems;
  return [
    readiness(resource, observed, plans),
    progress.length > 0
      ? { type: 'Progressing', status: true, reason: 'Acting', message: progress.join('; ') }
      : { type: 'Progressing', status: false, reason: 'Stable', message: 'nothing to do' },
    first !== undefined
      ? {
          type: 'Degraded',
          status: true,
          reason: first.reason,
          message: problems.map(({ message }) => message).join('. '),
        }
      : missing
        ? { type: 'Degraded', status: true, reason: 'MembersMissing', message: summary }
        : { type: 'Degraded', status: false, reason: 'AllHealthy', message: summary },
    failover.kind === 'Blocked'
      ? {
          type: 'FailoverBlocked',
          status: true,
          reason: failover.reason,
          message: failover.message,
        }
      : {
          type: 'FailoverBlocked',
          status: false,
          reason: 'NotNeeded',
          message: 'no failover is waiting',
        },
  ];
}

function phaseOf(resource: Resource, observed: Observed, plans: Plans, ready: boolean) {
  const { spec, status } = resource;
  if (spec.paused) return 'Paused';
  if (spec.replicas === 0) return 'Stopped';
  if (!ready) {
    if (inFlight(resource) !== undefined) return 'FailingOver';
    const never = isActive(resource)
      ? status.conditions?.every((c) => c.type !== 'Ready' || c.status !== 'True') !== false &&
        (status.phase === undefined || status.phase === 'Pending')
      : status.epoch === undefined;
    if (never) return 'Pending';
    if (plans.failover.kind === 'None' && plans.primary && isHealthy(plans.primary)) {
      return plans.problems.length > 0 ? 'Degraded' : 'FailingOver';
    }
    return 'Unavailable';
  }
  const whole = observed.members.filter(isHealthy).length >= spec.replicas;
  return whole && plans.problems.length === 0 ? 'Healthy' : 'Degraded';
}

/** Milliseconds between two steps, where this process saw both. */
const between = (from: number | undefined, to: number | undefined): number | undefined =>
  from === undefined || to === undefined ? undefined : Math.max(0, Math.round(to - from));

const known = (entries: Record<string, number | undefined>): Partial<FailoverRecord> =>
  Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));

/** The record of a failover that has come to its end. */
export function completed(record: FailoverRecord, timeline: Timeline | undefined): FailoverRecord {
  const seen = timeline?.epoch === record.epoch ? timeline : undefined;
  const startedMs = Date.parse(record.startedAt);
  return {
    ...record,
    ...known({
      electMs: between(startedMs, seen?.committedAtMs),
      promoteMs: between(seen?.committedAtMs, seen?.promotedAtMs),
      repointMs: between(seen?.promotedAtMs, seen?.repointedAtMs),
      firstSuccessMs: between(seen?.repointedAtMs, seen?.firstSuccessAtMs),
      totalMs: between(startedMs, seen?.repointedAtMs),
    }),
    outcome: 'Completed',
  };
}

/** The whole next status. Holds nothing that changes while the service does not, so that silence costs no write. */
export function nextStatus(
  resource: Resource,
  observed: Observed,
  plans: Plans,
  nowMs: number,
): Status {
  const { status, spec, generation } = resource;
  const found = findings(resource, observed, plans);
  const conditions = toConditions(status.conditions ?? [], found, generation, nowMs);
  const ready = found[0]?.status === true;
  const healthy = observed.members.filter(isHealthy).length;
  const { primary, primaryUID, ...rest } = status;
  const hasPrimary = !isActive(resource) && spec.replicas > 0;
  return {
    ...rest,
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
