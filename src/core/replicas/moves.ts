import { isLive, isWell } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { freeOrdinals } from './ordinals.ts';
import { type ReplicaPlan, isBusy } from './replica-plan.ts';
import { emptiestZone } from './zones.ts';

/** How long a member that moves to another zone may take to become healthy. */
export const moveMs = 120_000;
/** After how long a zone is tried again that the scheduler has refused: a full zone may have room. */
const refusedMs = 3_600_000;
/** Rest between the beginnings of two moves. */
const restMs = 10_000;

/** The member that was created for the present move between zones. */
export function newcomerOf({ status }: Resource, live: Member[]): Member | undefined {
  const begunMs = Date.parse(status.lastRebalanceTime ?? '');
  return live.find(
    ({ pinnedTo, createdAtMs }) => pinnedTo !== undefined && isMadeSince(createdAtMs, begunMs),
  );
}

/** A creationTimestamp has whole seconds. */
const isMadeSince = (createdAtMs: number, sinceMs: number): boolean =>
  createdAtMs >= sinceMs - (sinceMs % 1_000);

/** The kubelet cannot start the pod, or the program was heard and is not well. */
export const hasFailed = ({ waiting, health }: Member): boolean =>
  waiting !== undefined || health?.verdict === 'Dead' || health?.verdict === 'Unhealthy';

/** The verdict of the scheduler counts: the members stay where they are, until something has changed. */
export function refuseMove(
  resource: Resource,
  { zones }: Observed,
  member: Member,
  nowMs: number,
  plan: ReplicaPlan,
): void {
  const { pinnedTo: zone = '', unschedulable: message = '' } = member;
  plan.remove.push({
    member,
    reason: 'Unplaceable',
    note: `zone ${zone} has fewer members than others, but the scheduler has no node for one: ${message}; the members stay where they are`,
  });
  plan.refusedMove = {
    zone,
    at: new Date(nowMs).toISOString(),
    generation: resource.generation,
    nodes: zones.find(({ name }) => name === zone)?.nodes ?? 0,
    message: message.slice(0, 1024),
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
  const zone = emptiestZone(live, openZones(resource, observed, nowMs));
  if (zone === undefined) return;
  const stuck = observed.members.some((member) => !isLive(member));
  if (stuck || isBusy(resource) || !live.every(isWell)) return;
  const { lastRebalanceTime } = resource.status;
  const begunMs = Date.parse(lastRebalanceTime ?? '');
  const made = live.some(({ createdAtMs }) => isMadeSince(createdAtMs, begunMs));
  const restEndsMs = endOf(lastRebalanceTime, restMs, nowMs);
  if (endOf(lastRebalanceTime, moveMs, nowMs) !== undefined && !made) {
    plan.create = freeOrdinals(resource, observed, 1, nowMs, again);
    plan.zone = zone;
  } else if (restEndsMs !== undefined) {
    again(restEndsMs);
  } else {
    plan.moveStarted = true;
  }
}
