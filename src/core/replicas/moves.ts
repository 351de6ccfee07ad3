import { isDurable, isHealthy, isLive, isWell, lacksNothing } from '../model/member.ts';
import { heldBack } from '../model/change-times.ts';
import { mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { freeOrdinals } from './ordinals.ts';
import { isOutdated } from '../resources/pod.ts';
import { type ReplicaPlan, durableRefreshMs, isBusy } from './replica-plan.ts';
import { emptiestZone } from './zones.ts';

/** How long all members may take to be well after the beginning of a move. */
const moveMs = 120_000;
/** How long a newcomer may take until it is heard for the first time: an image is pulled, a volume attached. Milliseconds. */
const slowStartMs = 600_000;
/** So long after its creation a member that was created for a move, and holds a copy, is a member like any other. Milliseconds. */
const moveOverMs = 6 * 3_600_000;
/** After how long a move to a zone is tried again that has failed: a full zone may have room. Milliseconds. */
const refusedMs = 3_600_000;
/** Rest between the beginnings of two moves. */
const restMs = 10_000;

/** The member that was created for the present move between zones. Once it leads, it is a member like any other. */
export function newcomerOf(
  { status }: Resource,
  members: Member[],
  nowMs: number,
): Member | undefined {
  const begunMs = Date.parse(status.lastRebalanceTime ?? '');
  return members.find(
    (member) =>
      member.pinnedTo !== undefined &&
      member.uid !== status.primaryUID &&
      isMadeSince(member.createdAtMs, begunMs) &&
      (!hasArrived(member) || nowMs < member.createdAtMs + moveOverMs),
  );
}

/** A creationTimestamp has whole seconds. */
const isMadeSince = (createdAtMs: number, sinceMs: number): boolean =>
  createdAtMs >= sinceMs - (sinceMs % 1_000);

export type Move =
  /** There is none: a surplus member is there for another reason. */
  | { kind: 'None' }
  | { kind: 'Wait'; untilMs: number }
  /** A member of the fullest zone can go. */
  | { kind: 'Arrived' }
  /** The newcomer goes, and the others stay where they are. */
  | { kind: 'Failed'; newcomer: Member; why: string };

/** How far the present move is, if one member more is there than wanted. */
export function moveOf(resource: Resource, live: Member[], nowMs: number): Move {
  const endsMs = endOf(resource.status.lastRebalanceTime, moveMs, nowMs);
  const newcomer = newcomerOf(resource, live, nowMs);
  if (newcomer?.unschedulable !== undefined) {
    const why = `the scheduler has no node for a member there: ${newcomer.unschedulable}`;
    return { kind: 'Failed', newcomer, why };
  }
  const isThere = newcomer === undefined || hasArrived(newcomer);
  if (endsMs !== undefined) {
    return isThere && live.every(isWell) ? { kind: 'Arrived' } : { kind: 'Wait', untilMs: endsMs };
  }
  if (newcomer === undefined) return { kind: 'None' };
  if (isThere) return { kind: 'Arrived' };
  const { waiting, health, createdAtMs } = newcomer;
  if (waiting !== undefined) {
    return { kind: 'Failed', newcomer, why: `${waiting.reason}: ${waiting.message}` };
  }
  // Healthy: it is being made a copy of the primary, or its disk does not have all of the copy yet. That takes as long as it takes.
  const isSlow = isHealthy(newcomer) || (isUnheard(health) && nowMs < createdAtMs + slowStartMs);
  const isObsolete = live.some((member) => isOutdated(resource, member));
  return isSlow && !isObsolete
    ? { kind: 'Wait', untilMs: nowMs + durableRefreshMs }
    : { kind: 'Failed', newcomer, why: health?.message ?? 'its pod has not started' };
}

/** It holds a complete copy that survives its own restart: another copy can go. */
const hasArrived = (member: Member): boolean =>
  isWell(member) && isDurable(member) && lacksNothing(member);

/** Its pod or its program is still starting, as far as is known. */
const isUnheard = (health: Member['health']): boolean =>
  health === undefined || health.verdict === 'Unknown';

/**
 * The newcomer goes, and the zone is not tried again before something has changed: the same would happen again. The status says so first:
 * a pass that has deleted a pod writes no status, and the next one sees no newcomer any more.
 */
export function giveUpMove(
  resource: Resource,
  observed: Observed,
  { newcomer, why }: Extract<Move, { kind: 'Failed' }>,
  nowMs: number,
  plan: ReplicaPlan,
): void {
  const { pinnedTo: zone = '' } = newcomer;
  refuse(resource, observed, zone, why, nowMs, plan);
  if (plan.refusedMove !== undefined) return;
  plan.remove.push({
    member: newcomer,
    reason: 'Unplaceable',
    note: `zone ${zone} has fewer members than others, but ${why}; the members stay where they are`,
  });
}

function refuse(
  resource: Resource,
  observed: Observed,
  zone: string,
  why: string,
  nowMs: number,
  plan: ReplicaPlan,
): void {
  // The same refusal again is no news: its pod may take a while to go.
  if (!openZones(resource, observed, nowMs).some(({ name }) => name === zone)) return;
  plan.refusedMove = {
    zone,
    at: new Date(nowMs).toISOString(),
    generation: resource.generation,
    nodes: observed.zones.find(({ name }) => name === zone)?.nodes ?? 0,
    message: why.slice(0, 1024),
  };
}

/** The zones to which a member may be moved. */
const openZones = ({ status, generation }: Resource, { zones }: Observed, nowMs: number) =>
  zones.filter(({ name, nodes }) => {
    const isRefused = status.refusedMoves?.some(
      (move) =>
        move.zone === name &&
        move.generation === generation &&
        move.nodes >= nodes &&
        endOf(move.at, refusedMs, nowMs) !== undefined,
    );
    return isRefused !== true;
  });

/** A member that was created for one zone, and has no node there any more, is created again for any zone. */
export function replaceUnplaceable(live: Member[], plan: ReplicaPlan): boolean {
  const lost = live.find(
    (member) => member.pinnedTo !== undefined && member.unschedulable !== undefined,
  );
  if (lost === undefined) return false;
  plan.remove.push({ member: lost, reason: 'Unplaceable', note: 'its zone has no room any more' });
  return true;
}

/**
 * Moves a member to a zone that came back: creates the new one first, then scaleDown deletes the surplus one. The status says that
 * a move has begun before the pod is created, so that the surplus is recognized, also after a crash.
 */
export function rebalance(
  resource: Resource,
  observed: Observed,
  live: Member[],
  nowMs: number,
  plan: ReplicaPlan,
  again: (atMs: number) => void,
): void {
  if (heldBack(observed) !== undefined) return;
  const isEnough = live.filter((member) => mayLead(resource, member)).length > 2;
  const open = openZones(resource, observed, nowMs).filter(
    ({ name }) => isEnough || resource.spec.failover.neverPrimary?.zones?.includes(name) !== true,
  );
  // A move replaces a member, and at least one besides the primary must be able to lead.
  const zone = emptiestZone(live, open);
  if (zone === undefined) return;
  const stuck = observed.members.some((member) => !isLive(member));
  if (stuck || isBusy(resource, observed) || !live.every(isWell)) return;
  const { lastRebalanceTime } = resource.status;
  const begunMs = Date.parse(lastRebalanceTime ?? '');
  const made = live.some(({ createdAtMs }) => isMadeSince(createdAtMs, begunMs));
  const refusal = observed.failures.find(({ what }) => what.startsWith('create Pod '));
  const restEndsMs = endOf(lastRebalanceTime, restMs, nowMs);
  if (endOf(lastRebalanceTime, moveMs, nowMs) !== undefined && !made) {
    plan.create = freeOrdinals(resource, observed, { count: 1, zone }, nowMs, again);
    plan.zone = zone;
  } else if (restEndsMs !== undefined) {
    again(restEndsMs);
  } else if (lastRebalanceTime !== undefined && !made && refusal !== undefined) {
    // The pod could not even be created: a quota, or an admission webhook.
    refuse(resource, observed, zone, refusal.message, nowMs, plan);
  } else {
    plan.moveStarted = true;
  }
}
