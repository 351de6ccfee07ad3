import { isIncompleteState } from '../../protocol/completeness.ts';
import { hasQuorum, positionsOutliveRestart, speaksProtocol } from '../model/capabilities.ts';
import { couldNotBePromoted } from '../failover/election.ts';
import { isPromotable } from '../failover/failover-guard.ts';
import { takesNoOrders, transportOf } from '../model/contact.ts';
import {
  isDurable,
  isHealthy,
  isLive,
  isSynced,
  isUnlinked,
  isWell,
  primaryOf,
  reportOf,
  undurablePrimary,
} from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { roleCommandStateOf } from '../model/role-commands.ts';
import { isOutdated, isUpdateDue, whyOutdated } from '../resources/pod.ts';
import { brokenness } from './broken.ts';
import { type ReplicaPlan, durableRefreshMs, isBusy } from './replica-plan.ts';

/** Outdated members besides the primary, the highest ordinal first. */
const outdatedStandbys = (resource: Resource, live: Member[]): Member[] =>
  live
    .filter((member) => isOutdated(resource, member) && member.uid !== resource.status.primaryUID)
    .sort((a, b) => b.ordinal - a.ordinal);

function replace(resource: Resource, member: Member, plan: ReplicaPlan): void {
  plan.remove.push({ member, reason: 'Outdated', note: whyOutdated(resource, member) ?? '' });
}

/** Its volume has all that the process has. */
function hasNothingInMemory({ spec }: Resource, member: Member): boolean {
  const { state, position } = reportOf(member) ?? {};
  return state === 'Starting'
    ? position === undefined && spec.volumeClaimTemplates.length > 0
    : state === 'Empty';
}

/** How long a member must be without its leader: before that it may be the first one that feels the leader's death. Milliseconds. */
const cutOffMs = 10_000;

/** It refuses its order to follow, again and again. */
function refusesToFollow({ roleCommands }: Observed, member: Member, nowMs: number): boolean {
  const { failsSinceMs = Infinity } = roleCommandStateOf(roleCommands, 'follow', member) ?? {};
  return nowMs >= failsSinceMs + cutOffMs;
}

/** It gets no data. What it was made from may be the reason: another image, or a Secret that does not exist. */
function isStuck(observed: Observed, member: Member, nowMs: number): boolean {
  const { state, problem } = reportOf(member) ?? {};
  if (state === undefined || !isIncompleteState(state)) return false;
  return problem !== undefined || refusesToFollow(observed, member, nowMs);
}

/** It answers, has data, and does not follow the primary, which is well: such as with a password or a command that was wrong. */
function cannotFollow(
  resource: Resource,
  observed: Observed,
  member: Member,
  nowMs: number,
): boolean {
  const report = reportOf(member);
  const primary = primaryOf(resource, observed.members);
  const isCutOff =
    isUnlinked(report) &&
    report?.problem !== undefined &&
    (report.lagMs === undefined || report.lagMs >= cutOffMs);
  return (
    (isCutOff || (!isSynced(member) && refusesToFollow(observed, member, nowMs))) &&
    isHealthy(member) &&
    primary !== undefined &&
    primary.health?.verdict === 'Healthy' &&
    isWell(primary) &&
    !isBusy(resource, observed)
  );
}

/** Nothing in its memory can be what a fence waits for. */
function isNoVote(resource: Resource, observed: Observed, member: Member, nowMs: number): boolean {
  const { health, phase } = member;
  return (
    health === undefined ||
    health.cause === 'Refused' ||
    (phase === 'Pending' && health.report === undefined) ||
    (health.cause === 'BadAnswer' && positionsOutliveRestart(resource.spec)) ||
    (isStuck(observed, member, nowMs) && isHealthy(member) && hasNothingInMemory(resource, member))
  );
}

/**
 * Replaces one outdated member that is broken, or says why it has no complete data. At once, whatever else is missing, leaving or too
 * many: nothing that works is lost with it, and the next member may be what everything else waits for. The only member is replaced
 * even if it is the primary.
 */
export function replaceBroken(
  resource: Resource,
  observed: Observed,
  live: Member[],
  nowMs: number,
  plan: ReplicaPlan,
): void {
  const { primaryUID, fencing } = resource.status;
  const leaving = observed.members.filter((member) => !isLive(member));
  const isOnly = live.length === 1 && resource.spec.replicas === 1 && leaving.length === 0;
  const candidates = isOnly
    ? live.filter((member) => isOutdated(resource, member))
    : outdatedStandbys(resource, live);
  const isGone = primaryUID !== undefined && !live.some(({ uid }) => uid === primaryUID);
  // A fence runs, or is about to begin; or it begins after a wait or by the word of a person, as when failover.automatic is false.
  const isVoting =
    fencing !== undefined ||
    (isGone && hasQuorum(resource.spec)) ||
    leaving.some(({ uid }) => uid === primaryUID);
  const broken = candidates.find(
    (member) =>
      (!isVoting || isNoVote(resource, observed, member, nowMs)) &&
      (isStuck(observed, member, nowMs) ||
        brokenness(resource, observed, member, nowMs).isBroken ||
        (cannotFollow(resource, observed, member, nowMs) && outlivesItsPod(resource, member))),
  );
  const next =
    broken ?? candidates.find((member) => mayLeadInstead(resource, observed, live, member));
  if (next !== undefined) replace(resource, next, plan);
}

/**
 * The promotion of the primary has failed, and no member is by the present spec, such as one that corrects a hook: nothing changes
 * before one is. One is enough, and it must be able to lead; a member that a failover can still promote is tried first.
 */
function mayLeadInstead(
  resource: Resource,
  observed: Observed,
  live: Member[],
  member: Member,
): boolean {
  const { spec, status } = resource;
  const primary = primaryOf(resource, live);
  const { roleCommands } = observed;
  const isNext = (each: Member) => isPromotable(resource, observed, each);
  return (
    primary !== undefined &&
    couldNotBePromoted(primary, roleCommands) &&
    roleCommandStateOf(roleCommands, 'promote', primary)?.epoch === status.epoch &&
    status.fencing === undefined &&
    // Otherwise the next pod is by the present spec anyway.
    live.length === observed.members.length &&
    live.length >= spec.replicas &&
    live.every((each) => isOutdated(resource, each)) &&
    mayLead(resource, member) &&
    (!isNext(member) || live.some((each) => each !== member && isNext(each))) &&
    outlivesItsPod(resource, member)
  );
}

/**
 * Nothing that an election may need ends with the pod: the data, and with a quorum the position, without which it is no vote, and which
 * no leader will give back. Of a program that reports nothing the operator knows no data.
 */
function outlivesItsPod(resource: Resource, member: Member): boolean {
  const { spec, status } = resource;
  if (transportOf(spec, member) === undefined || hasNothingInMemory(resource, member)) return true;
  // The only member is no vote, and leads again with what is on its volume.
  const isVote = hasQuorum(spec) && member.uid !== status.primaryUID;
  return (
    member.keepsData === true &&
    reportOf(member) !== undefined &&
    isDurable(member) &&
    (!isVote || positionsOutliveRestart(spec))
  );
}

/** No other member may lead, so that the primary cannot hand over. Its end is an outage; but its data must not end with its pod. */
const isAlone = (resource: Resource, live: Member[]): boolean =>
  live.every((member) =>
    member.uid === resource.status.primaryUID
      ? member.keepsData === true || !speaksProtocol(resource.spec)
      : !mayLead(resource, member),
  );

/** Replaces one outdated member that works: standbys first, while all members are well. True if one is left. */
export function update(
  resource: Resource,
  observed: Observed,
  live: Member[],
  nowMs: number,
  plan: ReplicaPlan,
  again: (atMs: number) => void,
): boolean {
  const all = live.filter((member) => isOutdated(resource, member));
  if (all.length === 0) return false;
  const outdated = all.filter((member) => isUpdateDue(resource, observed, member));
  if (outdated.length === 0) return true;
  const standbys = outdatedStandbys(resource, outdated);
  // What keeps it from being well may be what the update corrects.
  const unable = standbys.find((member) => cannotFollow(resource, observed, member, nowMs));
  if (
    isBusy(resource, observed) ||
    !live.every((member) => isWell(member) || member === unable) ||
    undurablePrimary(resource, live) !== undefined
  ) {
    again(nowMs + durableRefreshMs);
    return true;
  }
  // A primary that takes no orders cannot hand over to members that do: only the end of its pod proves that it takes no writes.
  const mustEnd =
    live.length === 1 ||
    outdated.every((member) => takesNoOrders(resource.spec, member)) ||
    isAlone(resource, live);
  const next = unable ?? standbys[0] ?? (mustEnd ? outdated[0] : undefined);
  if (next !== undefined) replace(resource, next, plan);
  return true;
}
