import type { MemberReport, SyncSet } from '../../protocol/member-protocol.ts';
import { countsByName, hasQuorum } from '../model/capabilities.ts';
import { follows, isHealthy, reportOf } from '../model/member.ts';
import { podName } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { positionOf } from '../model/position.ts';
import { knowsTooLittle } from '../model/refuses-all.ts';

/** How many followers must have a write: with the leader they are a majority of the members that the spec asks for. */
export const acksOf = (replicas: number): number => Math.floor(replicas / 2);

/**
 * Whose acknowledgements `leader` should ask for: all others that there are, and those that are to come, so that it never
 * takes writes which too few hold. A pod that should be gone but is not confirmed to be still counts, as it may still
 * follow; but if the leader counts by name the pod is left out.
 */
export function wishedSet(resource: Resource, observed: Observed, leader: string): SyncSet {
  const { spec, name } = resource;
  const members = observed.members
    .filter((member) => member.name !== leader)
    .filter(
      (member) => !countsByName(spec) || member.deletionAtMs === undefined || isHealthy(member),
    )
    .map((member) => member.name);
  for (let ordinal = 0; members.length < spec.replicas - 1; ordinal++) {
    const next = podName(name, ordinal);
    if (next !== leader && !members.includes(next)) members.push(next);
  }
  return { members: members.sort(), acks: Math.min(acksOf(spec.replicas), members.length) };
}

/** The same members and acknowledgements. */
const same = (a: SyncSet | undefined, b: SyncSet | undefined): boolean =>
  a?.acks === b?.acks && a?.members.join() === b?.members.join();

const reportNamed = ({ members }: Observed, pod: string): MemberReport | undefined =>
  reportOf(members.find(({ name }) => name === pod));

/** In force in a leader that was told of no set: it holds alone what it acknowledges. */
const nobody: SyncSet = { members: [], acks: 0 };

/**
 * The first sets of a service. What was written without any (failover.consistency was Eventual, or the status was lost) the
 * leader alone holds, until it has the wished set in force and enough of that hold what it then held.
 */
function firstSets(resource: Resource, observed: Observed, leader: string): SyncSet[] {
  const wished = wishedSet(resource, observed, leader);
  return reportNamed(observed, leader)?.state === 'Empty' || wished.acks === 0
    ? withNext([], wished)
    : withNext(withNext([], nobody), wished);
}

/** Adds a set as the last one, with the next revision; if an equal set counts already, that one is replaced. */
function withNext(sets: SyncSet[], wished: SyncSet): SyncSet[] {
  const revision = (sets.at(-1)?.revision ?? 0) + 1;
  return [...sets.filter((set) => !same(set, wished)), { ...wished, revision }];
}

/** The leader was told of no set so far, or, last, of one in which nobody need acknowledge. */
const asksNobody = (resource: Resource): boolean => (currentSet(resource)?.acks ?? 0) === 0;

/**
 * Whether the leader has been told a later set than the status names: the status was restored from a copy, or written by an
 * operator that does not know revisions.
 */
const isOutOfDate = (resource: Resource, report: MemberReport | undefined): boolean =>
  report?.epoch === resource.status.epoch &&
  (report?.sync?.revision ?? 0) > (currentSet(resource)?.revision ?? 0);

/**
 * Whether a leader must be promoted anew, in a new epoch, before its acknowledgements count: it has asked for none so far, and an
 * order of that time that is still on its way could undo the first one later, after the leader has said that it has that in force.
 * Or the leader would refuse the next set, because in this epoch it has been told a later one than the status names.
 */
export function needsFirstSets(resource: Resource, observed: Observed, leader: Member): boolean {
  const { spec, status } = resource;
  const report = reportOf(leader);
  const isLeading =
    isHealthy(leader) && report?.state === 'Leading' && report.epoch === status.epoch;
  if (!hasQuorum(spec) || !isLeading) return false;
  // No set at all is a state that must end, even if no member needs to acknowledge.
  const mustAsk =
    (status.syncSets ?? []).length === 0 || wishedSet(resource, observed, leader.name).acks > 0;
  return isOutOfDate(resource, report) || (asksNobody(resource) && mustAsk);
}

/** The set that the leader is told: the last one that has been written down. */
export const currentSet = ({ status }: Resource): SyncSet | undefined => status.syncSets?.at(-1);

/**
 * Who of the current set does not follow the leader, where so few do that no write can be acknowledged; undefined where there
 * are enough, or nobody leads.
 */
export function missingFollowers(
  resource: Resource,
  { members }: Observed,
  leader: Member | undefined,
): { set: SyncSet; absent: string[] } | undefined {
  const set = currentSet(resource);
  if (!hasQuorum(resource.spec) || set === undefined || resource.status.fencing !== undefined) {
    return undefined;
  }
  if (reportOf(leader)?.state !== 'Leading') return undefined;
  const present = new Set(
    members
      .filter((member) => isHealthy(member) && follows(reportOf(member)))
      .map(({ name }) => name),
  );
  const absent = set.members.filter((name) => !present.has(name));
  return set.members.length - absent.length >= set.acks ? undefined : { set, absent };
}

/**
 * Whether the leader says that it has the current set in force, in the revision that the status names. An agent that
 * does not know revisions reports none.
 */
export function inForce(resource: Resource, reported: SyncSet | undefined): boolean {
  const current = currentSet(resource);
  if (current === undefined) return true;
  const isLatest = reported?.revision === undefined || reported.revision === current.revision;
  return isLatest && same(current, sorted(reported));
}

const sorted = (set: SyncSet | undefined) =>
  set === undefined ? undefined : { ...set, members: set.members.toSorted() };

/** Sets that the status may hold; schema and CRD say the same. */
const mostSets = 8;

/**
 * The sets to be written down next. A new one is added before the leader hears of it, and the old ones are kept until the
 * leader has said that the new one is in force, and enough of its members hold all that the leader then held: what was
 * acknowledged under an old set may be held by members of that alone. A failover in between must satisfy all of them (as joint
 * consensus does, Ongaro and Ousterhout, 2014, where a new configuration counts once it is committed).
 */
export function nextSets(
  resource: Resource,
  observed: Observed,
  leader: Member,
): SyncSet[] | undefined {
  const { syncSets = [] } = resource.status;
  if (!hasQuorum(resource.spec)) return undefined;
  const wished = wishedSet(resource, observed, leader.name);
  const last = syncSets.at(-1);
  if (last === undefined) return firstSets(resource, observed, leader.name);
  if (asksNobody(resource) && wished.acks > 0) return syncSets;
  const report = reportOf(leader);
  const settled = report?.epoch === resource.status.epoch && inForce(resource, report?.sync);
  // Any set that may be in force counts: the next change waits for the end of the last.
  if (syncSets.length > 1 && !settled) return syncSets;
  const sets = settled && holdAll(resource, observed, leader, last) ? [last] : syncSets;
  if (same(last, wished)) return sets;
  // All of them hold; the last is the one that the leader is told.
  const next = withNext(sets, wished);
  return next.length <= mostSets ? next : sets;
}

/** Whether as many as must acknowledge hold what the leader was last heard to hold, with this set in force. */
function holdAll(
  { status }: Resource,
  { members }: Observed,
  leader: Member,
  { members: names, acks }: SyncSet,
): boolean {
  const held = positionOf(leader);
  const holders = members.filter((member) => {
    const report = reportOf(member);
    return (
      names.includes(member.name) &&
      isHealthy(member) &&
      report?.state === 'Following' &&
      report.leader === leader.name &&
      report.epoch === status.epoch &&
      held !== undefined &&
      report.position?.term === held.term &&
      report.position.offset >= held.offset
    );
  });
  return holders.length >= acks;
}

/**
 * What the sets of the former leader mean for a new one. Whatever it has acknowledged is held by itself and `acks` of a set's
 * members, the new leader among them or not; so of all these but the new leader as many hold it. The new leader begins with
 * the last of them: with the same members as before that is the set that it should have.
 */
export function inheritedSets(resource: Resource, observed: Observed, leader: string): SyncSet[] {
  const { syncSets = [], primary } = resource.status;
  const isOld =
    knowsTooLittle(resource, observed) || isOutOfDate(resource, reportNamed(observed, leader));
  if (syncSets.length === 0 || isOld) {
    return firstSets(resource, observed, leader);
  }
  if (primary === undefined || primary === leader) {
    const wished = wishedSet(resource, observed, leader);
    const isFirst = asksNobody(resource) && wished.acks > 0;
    return isFirst ? withNext(syncSets, wished) : syncSets;
  }
  const sets = syncSets.map(({ members, acks, ...rest }): SyncSet => {
    const others = [...members, primary].filter((name) => name !== leader).sort();
    return { ...rest, members: others, acks: members.includes(leader) ? acks : acks + 1 };
  });
  return sets.filter((set, i) => !sets.slice(0, i).some((earlier) => same(earlier, set)));
}
