import type { Action } from '../model/action.ts';
import type { ClaimView } from '../model/found-objects.ts';
import { hasEnded, isDurable, isLive, isWell, lacksNothing, primaryOf } from '../model/member.ts';
import { podName } from '../model/naming.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import { deletesScaledClaims } from '../resources/volume-claims.ts';
import { type ReplicaPlan, isBusy } from './replica-plan.ts';

/*
 * The claims of members that a scale-down removes, if spec.volumeClaimRetentionPolicy.whenScaled is Delete. A StatefulSet makes the claim
 * the pod's before it deletes the pod: then a pod that is drained between the two writes takes its data along. Here the claim is only
 * marked with the UID of the pod, which deletes nothing; then the pod is deleted; and the claim is given up when the pod is gone and
 * nothing depends on its data. The mark is the memory of the decision: it outlives the operator's process.
 */

interface ScaledClaims {
  actions: Action[];
  /** The ordinals whose pods are neither deleted nor created in this pass: the next one sees the mark as it is wished. */
  held: ReadonlySet<number>;
}

export function planScaledClaims(
  resource: Resource,
  observed: Observed,
  plan: ReplicaPlan,
): ScaledClaims {
  const actions: Action[] = [];
  const held = new Set<number>();
  const given = observed.claims.filter((claim) => claim.isGoing !== true);
  for (const claim of given) {
    const { ordinal, scaledAway } = claim;
    const removal = plan.remove.find(
      ({ member, givesUpClaims }) => givesUpClaims === true && member.ordinal === ordinal,
    );
    if (removal !== undefined) {
      if (scaledAway === removal.member.uid) continue;
      actions.push({ type: 'MarkScaledAway', claim, pod: removal.member.uid });
      held.add(ordinal);
    } else if (scaledAway !== undefined) {
      if (isWanted(resource, observed, plan, claim)) {
        actions.push({ type: 'MarkScaledAway', claim });
        held.add(ordinal);
      } else if (mayGiveUp(resource, observed, plan, claim)) {
        const pod = { name: podName(resource.name, ordinal), uid: scaledAway };
        actions.push({ type: 'GiveUpClaim', claim, pod });
      }
    }
  }
  return { actions, held };
}

/** The claim stays: the member stays or comes back, or the user has changed his mind. */
function isWanted(
  resource: Resource,
  { members }: Observed,
  plan: ReplicaPlan,
  { ordinal, scaledAway }: ClaimView,
): boolean {
  const member = members.find((each) => each.ordinal === ordinal);
  return (
    !deletesScaledClaims(resource) ||
    plan.create.includes(ordinal) ||
    (member !== undefined && (isLive(member) || member.uid !== scaledAway))
  );
}

/**
 * Its pod is gone, all members that are left are in their roles and hold a copy that survives their restart, and no write is known that
 * the removed member may have acknowledged and a failover would ask for.
 */
function mayGiveUp(
  resource: Resource,
  observed: Observed,
  { create }: ReplicaPlan,
  { ordinal, isOthers }: ClaimView,
): boolean {
  const { spec, status, name } = resource;
  const pod = podName(name, ordinal);
  const { members, foreignPods } = observed;
  const live = members.filter((member) => isLive(member) && !hasEnded(member));
  const isGone = [...members, ...foreignPods].every((each) => each.name !== pod);
  const isLed = isActive(resource) || primaryOf(resource, live) !== undefined;
  const isNeeded =
    status.primary === pod || status.syncSets?.some((set) => set.members.includes(pod)) === true;
  return (
    isGone &&
    isOthers !== true &&
    isLed &&
    !isNeeded &&
    !isBusy(resource, observed) &&
    status.stopped !== true &&
    create.length === 0 &&
    live.length >= spec.replicas &&
    live.every((member) => isWell(member) && isDurable(member) && lacksNothing(member))
  );
}

/** The claims that are still to be given up, in clauses for a person. */
export const scaledClaimsProgress = (
  resource: Resource,
  { claims, members }: Observed,
): string[] =>
  deletesScaledClaims(resource)
    ? claims
        .filter(
          ({ isGoing, isOthers, scaledAway, ordinal }) =>
            isGoing !== true &&
            isOthers !== true &&
            scaledAway !== undefined &&
            members.every((member) => member.ordinal !== ordinal),
        )
        .map(
          ({ name }) =>
            `${name} of a member that was scaled away stays until all members are well, with all data on their disks`,
        )
    : [];
