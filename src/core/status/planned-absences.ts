import type { PlannedAbsence, Status } from '../../api/status.ts';
import { isPlanned } from '../failover/failover-backoff.ts';
import { inFlight } from '../failover/failover-plan.ts';
import { missingFollowers } from '../failover/sync-sets.ts';
import type { Degradation } from '../model/fault.ts';
import { isLive, primaryOf, seemsHealthy, seemsWell } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { stuckAfterMs } from '../replicas/garbage-collection-grace.ts';
import { isOutdated } from '../resources/pod.ts';
import { copyStatusOf } from './copy-status.ts';
import { conditionOf } from './events.ts';
import { preparingClause } from './preparing.ts';

/** So long a member may take to be back after its pod was made: an image may have to be pulled. Milliseconds. */
export const backMs = 60_000;
/** After the beginning of a switchover, members that leave their roles for it are looked for. Milliseconds. */
const switchoverMs = 10_000;

const entryOf = ({ members = [] }: Status, pod: string) =>
  members.find((entry) => entry.pod === pod);

/** An update or a restart has deleted it, and it was well: what has failed before is a fault, also if the update replaces it. */
function isReplaced(resource: Resource, member: Member): boolean {
  const { deletionAtMs, ...alive } = member;
  if (deletionAtMs === undefined || !isOutdated(resource, member)) return false;
  return member.isReplaced === true || seemsWell(alive);
}

/**
 * It was stopped (`replicas: 0`) and is started again, and no member has taken writes since. Without Ready the phase is Progressing in
 * such a start alone.
 */
function startsAgain({ spec, status }: Resource): boolean {
  const ready = conditionOf(status, 'Ready');
  const isUnready = ready?.status === 'False' && ready.reason !== 'SpecInvalid';
  return (
    spec.replicas > 0 &&
    (status.phase === 'Stopped' || (status.phase === 'Progressing' && isUnready))
  );
}

/** Until when such a start is in its ordinary time: the members of before may have to end first. Epoch milliseconds. */
function startsUntilMs(
  resource: Resource,
  { members }: Observed,
  nowMs: number,
): number | undefined {
  if (resource.spec.paused || !startsAgain(resource)) return undefined;
  const progressing = conditionOf(resource.status, 'Progressing');
  const isBegun = resource.status.phase === 'Progressing';
  const sinceMs = isBegun ? Date.parse(progressing?.lastTransitionTime ?? '') : nowMs;
  const made = members.filter(isLive).map(({ createdAtMs }) => createdAtMs);
  return endOf(Math.max(sinceMs, made.length > 0 ? Math.min(...made) : sinceMs), backMs, nowMs);
}

/** No member had its name, and the spec has just been changed: more members are wished. */
const isAdded = (resource: Resource, member: Member): boolean =>
  isLive(member) &&
  (startsAgain(resource) ||
    (resource.status.observedGeneration !== resource.generation &&
      entryOf(resource.status, member.name) === undefined));

/** It answers, and has left its role because the role of the primary is moved on purpose. */
function isSwitching(resource: Resource, member: Member, nowMs: number): boolean {
  const last = resource.status.fencing ?? resource.status.failovers?.[0];
  if (last === undefined || !isPlanned(last.trigger) || !seemsHealthy(member)) return false;
  return (
    resource.status.fencing !== undefined ||
    inFlight(resource) !== undefined ||
    endOf(last.startedAt, switchoverMs, nowMs) !== undefined
  );
}

/** The pod that was made for the planned change is deleted, too, and not by that: this may go on for ever. */
function isLostAgain({ deletionAtMs, createdAtMs }: Member, entry: PlannedAbsence): boolean {
  const sinceMs = Date.parse(entry.since);
  // A creationTimestamp has whole seconds.
  return deletionAtMs !== undefined && createdAtMs >= sinceMs - (sinceMs % 1_000);
}

/**
 * The members that a planned change has taken away or is making, for the status: what becomes of the pods does not show later why they
 * went. A member leaves the list when it is well, and all do when no member is missing.
 */
function plannedAbsences(
  resource: Resource,
  { members }: Observed,
  nowMs: number,
): PlannedAbsence[] {
  const { spec, status } = resource;
  if (members.filter(seemsWell).length >= spec.replicas) return [];
  const known = status.plannedAbsences ?? [];
  const since = new Date(nowMs).toISOString();
  const away = known
    .filter(({ pod }) => members.every(({ name }) => name !== pod))
    // Its pod was there until now, and may have taken long to end.
    .map((entry) =>
      entryOf(status, entry.pod)?.health === 'Terminating' ? { ...entry, since } : entry,
    );
  const here = members
    .filter((member) => !seemsWell(member))
    .flatMap((member) => {
      const entry = known.find(({ pod }) => pod === member.name);
      if (entry !== undefined && !isLostAgain(member, entry)) return [entry];
      const isNew =
        isReplaced(resource, member) ||
        isAdded(resource, member) ||
        isSwitching(resource, member, nowMs);
      return isNew ? [{ pod: member.name, since }] : [];
    });
  return [...away, ...here].sort((a, b) => (a.pod < b.pod ? -1 : 1)).slice(0, 128);
}

/** Until when a member of that list is expected; undefined: that time is over. Epoch milliseconds. */
function expectedUntilMs(
  resource: Resource,
  member: Member | undefined,
  { since }: PlannedAbsence,
  nowMs: number,
): number | undefined {
  const { deletionAtMs, createdAtMs } = member ?? {};
  if (deletionAtMs !== undefined)
    return endOf(deletionAtMs, stuckAfterMs, Math.max(nowMs, deletionAtMs));
  const copy = member && copyStatusOf(resource, member, nowMs);
  const ends = [since, createdAtMs, copy?.lastProgressTime].flatMap(
    (time) => endOf(time, backMs, nowMs) ?? [],
  );
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** What the planned changes of now excuse. */
export interface Excused {
  /** For the status. */
  absences: PlannedAbsence[];
  /** The members that are missing, and no fault. */
  pods: string[];
  /** What is true meanwhile, and no fault either. */
  notes: string[];
  /** The other faults. */
  degradedReasons: Degradation[];
  /** After a stop the service is being started, and that takes no longer than usual. */
  isStart: boolean;
  /** When the next of these members must be back, or the start is no longer a usual one. Epoch milliseconds. */
  nextAtMs?: number;
}

/**
 * A member that a planned change takes away is no fault as long as it comes back within its time. All else is one, also in a rollout:
 * another member that is missing, and what is known to be wrong with the new one.
 */
export function excuse(
  resource: Resource,
  observed: Observed,
  degradedReasons: Degradation[],
  nowMs: number,
): Excused {
  const absences = plannedAbsences(resource, observed, nowMs);
  const times = absences.map((entry) => {
    const member = observed.members.find(({ name }) => name === entry.pod);
    const preparing = member && preparingClause(resource, member, nowMs);
    return { ...entry, preparing, untilMs: expectedUntilMs(resource, member, entry, nowMs) };
  });
  const startMs = startsUntilMs(resource, observed, nowMs);
  const isStart = startMs !== undefined;
  // While it is paused the operator brings nobody back.
  if (resource.spec.paused || (times.length === 0 && !isStart)) {
    return { absences, pods: [], notes: [], degradedReasons, isStart };
  }
  const awaited = times.filter(({ untilMs }) => untilMs !== undefined);
  const pods = awaited.map(({ pod }) => pod);
  const absent = missingFollowers(
    resource,
    observed,
    primaryOf(resource, observed.members),
  )?.absent;
  const isExcused = ({ reason, member = '' }: Degradation) =>
    (reason === 'WritesWait' && (isStart || absent?.every((pod) => pods.includes(pod)) === true)) ||
    // That of a service that has never started may be an error of its spec.
    (reason === 'NotHeard' &&
      (isStart || pods.includes(member)) &&
      resource.status.epoch !== undefined);
  const faults = degradedReasons.filter((each) => !isExcused(each));
  const late = times.flatMap(({ pod, preparing, untilMs }): Degradation[] =>
    untilMs === undefined
      ? [
          {
            reason: 'MembersMissing',
            about: pod,
            message: `a planned change has taken ${pod} away or is making it, and it is not well after ${backMs / 1_000} s: ${preparing ?? `see \`kubectl describe pod ${pod} -n ${resource.namespace}\` and its log`}`,
          },
        ]
      : [],
  );
  const ends = awaited.map(({ untilMs }) => untilMs ?? Infinity);
  const nextAtMs = Math.min(...ends, startMs ?? Infinity);
  return {
    absences,
    pods,
    notes: degradedReasons.filter(isExcused).map(({ message }) => message),
    // What has a name says more.
    degradedReasons: faults.length > 0 ? faults : late,
    isStart,
    ...(Number.isFinite(nextAtMs) ? { nextAtMs } : {}),
  };
}
