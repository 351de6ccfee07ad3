import type { MemberReport, SyncSet } from '../../protocol/member-protocol.ts';
import { countsByName, hasQuorum } from '../model/capabilities.ts';
import { follows, isHealthy, reportOf } from '../model/member.ts';
import { podName } from '../model/naming.ts';
import { isExcludedOrdinal, mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { positionOf } from '../model/position.ts';
import { knowsTooLittle } from '../model/refuses-all.ts';

/** How many followers must have a write: with the leader they are a majority of the members that the spec asks for. */
export const acksOf = (replicas: number): number => Math.floor(replicas / 2);

/**
 * The members whose acknowledgements `leader` should wait for: all others that exist, and those that will be created, so that it never
 * acknowledges writes that too few members hold. A pod whose deletion is not confirmed still counts, as it may still follow; but
 * if the leader counts by name the pod is left out. So is a member that may not lead: otherwise it could be the only one that holds
 * an acknowledged write. If the leader counts any replica such a member stays in the set, as it acknowledges all the same: a successor
 * must then hold what it holds (holders in fenced-failover.ts).
 */
export function wishedSet(
  resource: Resource,
  observed: Pick<Observed, 'members'>,
  leader: string,
): SyncSet {
  const { spec, name } = resource;
  const excluded = countsByName(spec)
    ? observed.members.filter((member) => !mayLead(resource, member)).map((each) => each.name)
    : [];
  const all = observed.members
    .filter((member) => member.name !== leader)
    .filter(
      (member) => !countsByName(spec) || member.deletionAtMs === undefined || isHealthy(member),
    )
    .map((member) => member.name);
  for (let ordinal = 0; all.length < spec.replicas - 1; ordinal++) {
    const next = podName(name, ordinal);
    if (next === leader || all.includes(next)) continue;
    all.push(next);
    if (countsByName(spec) && isExcludedOrdinal(spec, ordinal)) excluded.push(next);
  }
  const members = all.filter((each) => !excluded.includes(each)).sort();
  const voters = Math.min(spec.replicas, members.length + 1);
  return { members, acks: Math.min(acksOf(voters), members.length) };
}

/** The same members and acknowledgements. */
const same = (a: SyncSet | undefined, b: SyncSet | undefined): boolean =>
  a?.acks === b?.acks && a?.members.join() === b?.members.join();

const reportNamed = ({ members }: Observed, pod: string): MemberReport | undefined =>
  reportOf(members.find(({ name }) => name === pod));

/** In force in a leader without an order about a set: it alone holds what it acknowledges. */
const nobody: SyncSet = { members: [], acks: 0 };

/**
 * The first sets of a service. Data that were written without a set (failover.consistency was Eventual, or the status was lost) are
 * held by the leader alone, until the wished set is in force and enough of its members hold what the leader then held.
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

/** The leader has no set yet, or its last one requires no acknowledgement. */
const asksNobody = (resource: Resource): boolean => (currentSet(resource)?.acks ?? 0) === 0;

/**
 * Whether the leader has been told a later set than the status names: the status was restored from a copy, or written by an
 * operator that does not know revisions.
 */
const isOutOfDate = (resource: Resource, report: MemberReport | undefined): boolean =>
  report?.epoch === resource.status.epoch &&
  (report?.sync?.revision ?? 0) > (currentSet(resource)?.revision ?? 0);

/**
 * Whether a leader must be promoted again, in a new epoch, before its acknowledgements count: it has waited for none so far, and an
 * earlier order that is still on its way could undo the first set after the leader has reported it in force. Or the leader would
 * refuse the next set, because in this epoch it has received a later one than the status names.
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

/** The set that the leader is ordered to use: the last one in the status. */
export const currentSet = ({ status }: Resource): SyncSet | undefined => status.syncSets?.at(-1);

/**
 * The members of the current set that do not follow the leader, if so few follow that no write can be acknowledged; undefined if
 * enough follow, or no member leads.
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
  if (canAcknowledge(set, present)) return undefined;
  return { set, absent: set.members.filter((name) => !present.has(name)) };
}

/** Whether these followers are enough to acknowledge a write of a leader with this set. */
export const canAcknowledge = ({ members, acks }: SyncSet, names: ReadonlySet<string>): boolean =>
  members.filter((name) => names.has(name)).length >= acks;

/**
 * Whether the leader reports the current set as in force, in the revision that the status names. An agent that does not know
 * revisions reports none.
 */
export function inForce(resource: Resource, reported: SyncSet | undefined): boolean {
  const current = currentSet(resource);
  if (current === undefined) return true;
  const isLatest = reported?.revision === undefined || reported.revision === current.revision;
  return isLatest && same(current, sorted(reported));
}

const sorted = (set: SyncSet | undefined) =>
  set === undefined ? undefined : { ...set, members: set.members.toSorted() };

/** The most sets that a status may hold; schema and CRD have the same limit. */
const mostSets = 8;

/**
 * The sets to be written into the status next. A new set is added before the leader is ordered to use it, and the old ones stay until
 * the leader has reported the new one in force and enough of its members hold all that the leader then held: writes that were
 * acknowledged with an old set may be held by its members alone. A failover before that must satisfy all sets (like joint
 * consensus, Ongaro and Ousterhout, 2014, in which a new configuration counts once it is committed).
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
  const isInForce = report?.epoch === resource.status.epoch && inForce(resource, report?.sync);
  // Any set that may be in force counts: the next change waits for the end of the last.
  if (syncSets.length > 1 && !isInForce) return syncSets;
  const sets = isInForce && holdAll(resource, observed, leader, last) ? [last] : syncSets;
  if (same(last, wished)) return sets;
  // All of them count; the last is the one that the leader is ordered to use.
  const next = withNext(sets, wished);
  return next.length <= mostSets ? next : sets;
}

/** Whether as many members as must acknowledge hold what the leader last reported, with this set in force. */
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
 * What the sets of the former leader mean for the new one. Each write that the former leader has acknowledged is held by itself and
 * `acks` members of a set, with or without the new leader; so as many of the others hold it. The new leader begins with the last
 * set: with the same members as before that is the set that it should have.
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
