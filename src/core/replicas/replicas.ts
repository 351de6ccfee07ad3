import { brokenness } from './broken.ts';
import { stuckAfterMs } from './garbage-collection-grace.ts';
import {
  describePhase,
  hasEnded,
  isComplete,
  isDurable,
  isHealthy,
  isLive,
  isSynced,
  primaryOf,
  undurablePrimary,
} from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import { earlierClaims, isFindingData } from '../model/earlier-data.ts';
import { missingVoterOrdinals } from './missing-voters.ts';
import { lookAgain } from '../model/role-commands.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { frozen, unfenceable } from './removals.ts';
import { endOf } from '../model/since.ts';
import { deletesScaledClaims } from '../resources/volume-claims.ts';
import { mayStop } from '../failover/stopped.ts';
import { giveUpMove, moveOf, newcomerOf, rebalance, replaceUnplaceable } from './moves.ts';
import { earlierOrdinals, freeOrdinals } from './ordinals.ts';
import { type ReplicaPlan, durableRefreshMs, isBusy } from './replica-plan.ts';
import { replaceBroken, update } from './update.ts';
import { zoneCounts } from './zones.ts';

/** A pod that has ended is replaced no sooner after its creation. Milliseconds. */
const endedAgainMs = 10_000;

/** Decides which pods to create and delete. The primary is deleted only to stop the service or to restart its only member. */
export function planReplicas(resource: Resource, observed: Observed, nowMs: number): ReplicaPlan {
  const plan: ReplicaPlan = { create: [], remove: [], moveStarted: false };
  const again = (atMs: number) => lookAgain(plan, atMs);
  const wanted = resource.spec.replicas;
  const live = observed.members.filter((member) => isLive(member) && !hasEnded(member));

  let ended = 0;
  for (const member of observed.members.filter((each) => isLive(each) && hasEnded(each))) {
    // A pod that the kubelet refuses ends at once, and so would the next one, many times a second.
    const dueMs = endOf(member.createdAtMs, endedAgainMs, nowMs);
    if (newcomerOf(resource, [member], nowMs) !== undefined) {
      const why = `the kubelet does not run its pod (phase ${describePhase(member)})`;
      giveUpMove(resource, observed, { kind: 'Failed', newcomer: member, why }, nowMs, plan);
      if (plan.refusedMove !== undefined) ended++;
    } else if (dueMs === undefined) {
      plan.remove.push({ member, reason: 'Ended', note: `phase ${describePhase(member)}` });
    } else {
      ended++;
      again(dueMs);
    }
  }
  plan.remove.push(...frozen(resource, observed, live, nowMs, again));
  const isRemoved = (member: Member) => plan.remove.some((each) => each.member === member);
  plan.remove.push(
    ...unfenceable(
      resource,
      live.filter((member) => !isRemoved(member)),
    ),
  );

  // On a lost node a pod stays until the end of its grace period, which may be long. Only the volume of the primary is waited for.
  const hasVolumes = resource.spec.volumeClaimTemplates.length > 0;
  const isWaitedFor = ({ nodeReady, uid }: Member) =>
    nodeReady || (hasVolumes && uid === resource.status.primaryUID);
  const leaving = observed.members.filter(
    (member) =>
      member.deletionAtMs !== undefined &&
      isWaitedFor(member) &&
      nowMs < member.deletionAtMs + stuckAfterMs,
  );
  for (const member of leaving) again((member.deletionAtMs ?? nowMs) + stuckAfterMs);

  const removed = new Set(plan.remove.map(({ member }) => member));
  const staying = live.filter((member) => !removed.has(member)).length;
  const missing = wanted - staying - leaving.length - removed.size - ended;
  // They are about to become members.
  const isAdopting = observed.foreignPods.some(({ orphanUid }) => orphanUid !== undefined);
  if (isAdopting && resource.status.primary === undefined) return plan;
  if (missing > 0) {
    plan.create = freeOrdinals(resource, observed, { count: missing }, nowMs, again);
  }
  const needed = [
    ...missingVoterOrdinals(resource, observed, nowMs, again),
    ...earlierOrdinals(resource, observed, nowMs, again),
  ];
  for (const ordinal of needed) {
    if (!plan.create.includes(ordinal)) plan.create.push(ordinal);
  }
  // Nothing of that is waited for, as it may wait for this member: for its vote, or for its share of a quota.
  const mend = () => {
    if (wanted > 0 && plan.remove.length === 0) {
      replaceBroken(resource, observed, live, nowMs, plan);
    }
  };
  if (missing > 0 || plan.remove.length > 0) {
    mend();
    return plan;
  }

  const surplus = live.length - wanted;
  const isFinding = isFindingData(resource, observed);
  if (surplus > 0 && isFinding) dropUnplaced(resource, observed, live, surplus, plan);
  else if (surplus > 0) scaleDown(resource, observed, live, surplus, nowMs, plan, again);
  mend();
  if (
    plan.remove.length === 0 &&
    leaving.length === 0 &&
    ended === 0 &&
    (surplus === 0 || isFinding)
  ) {
    if (!replaceUnplaceable(live, plan) && !update(resource, observed, live, nowMs, plan, again))
      rebalance(resource, observed, live, nowMs, plan, again);
  }
  return plan;
}

/** Of too many members, those that have never had a node or data: the others may hold what is looked for. */
function dropUnplaced(
  resource: Resource,
  observed: Observed,
  live: Member[],
  surplus: number,
  plan: ReplicaPlan,
): void {
  const earlier = earlierClaims(resource, observed).map(({ ordinal }) => ordinal);
  const unplaced = live.filter(
    ({ unschedulable, ordinal }) => unschedulable !== undefined && !earlier.includes(ordinal),
  );
  for (const member of unplaced.slice(-surplus)) {
    plan.remove.push({
      member,
      reason: 'ScaleDown',
      note: `replicas is ${resource.spec.replicas}`,
    });
  }
}

/** How much would be lost with a member that is healthy: least with one that has no complete copy, or only one in memory. */
const copyRank = (member: Member): number =>
  Number(isComplete(member) && isSynced(member)) * 2 + Number(isDurable(member));

/** The only healthy member besides the primary that may lead: without it no failover is possible. A move does not begin then: see rebalance. */
const isLastSuccessor = (resource: Resource, left: Member[], member: Member): boolean =>
  isHealthy(member) &&
  mayLead(resource, member) &&
  left.every(
    (other) =>
      other === member ||
      other.uid === resource.status.primaryUID ||
      !isHealthy(other) ||
      !mayLead(resource, other),
  );

/** Broken members first, then those with no complete copy of the data, then from the fullest zone, then the highest ordinal; the primary only at 0 replicas. */
function scaleDown(
  resource: Resource,
  observed: Observed,
  live: Member[],
  surplus: number,
  nowMs: number,
  plan: ReplicaPlan,
  again: (atMs: number) => void,
): void {
  const { status, spec } = resource;
  if (spec.replicas > 0 ? isBusy(resource, observed) : !mayStop(resource, observed)) return;
  if (undurablePrimary(resource, live) !== undefined) {
    again(nowMs + durableRefreshMs);
    return;
  }
  const primary = primaryOf(resource, live);
  const isPrimaryHealthy =
    status.primaryUID === undefined || (primary !== undefined && isHealthy(primary));
  const move = surplus === 1 ? moveOf(resource, live, nowMs) : ({ kind: 'None' } as const);
  if (move.kind === 'Failed') {
    if (isPrimaryHealthy) giveUpMove(resource, observed, move, nowMs, plan);
    return;
  }
  if (move.kind === 'Wait') return again(move.untilMs);
  const moving = move.kind === 'Arrived';
  const states = new Map(
    live.map((member) => [member, brokenness(resource, observed, member, nowMs)]),
  );
  const isUnknown = (member: Member) =>
    !isHealthy(member) && member.health !== undefined && states.get(member)?.isBroken === false;
  if (spec.replicas > 0 && live.some(isUnknown)) {
    // Soon it is known which members are broken.
    for (const state of states.values()) if ('untilMs' in state) again(state.untilMs ?? Infinity);
    return;
  }
  // A surplus that a failover or a move has made is nobody's wish: its claims stay.
  const isAsked =
    deletesScaledClaims(resource) && surplus <= (status.scaledTo ?? 0) - spec.replicas;
  const left = [...live];
  for (let i = 0; i < surplus; i++) {
    const counts = zoneCounts(left, observed.zones);
    const lastRank = (member: Member) => Number(isLastSuccessor(resource, left, member));
    const crowd = (member: Member) => counts.get(member.zone ?? '') ?? 0;
    const [victim] = left
      .filter((member) => spec.replicas === 0 || member.uid !== status.primaryUID)
      // If the primary fails, others may have data that its successor needs.
      .filter((member) => spec.replicas === 0 || isPrimaryHealthy || !isHealthy(member))
      .sort(
        (a, b) =>
          Number(isHealthy(a)) - Number(isHealthy(b)) ||
          (moving ? 0 : lastRank(a) - lastRank(b)) ||
          // The newcomer of a move is as good as the others, and its zone has the fewest.
          (moving ? 0 : copyRank(a) - copyRank(b)) ||
          crowd(b) - crowd(a) ||
          b.ordinal - a.ordinal,
      );
    if (victim === undefined) return;
    left.splice(left.indexOf(victim), 1);
    plan.remove.push(
      moving
        ? { member: victim, reason: 'Rebalance', note: `its zone ${victim.zone} had most members` }
        : {
            ...{ member: victim, reason: 'ScaleDown', note: `replicas is ${spec.replicas}` },
            // Of one that does not answer nobody knows what it alone has.
            ...(isAsked && isHealthy(victim) ? { givesUpClaims: true } : {}),
          },
    );
  }
}
