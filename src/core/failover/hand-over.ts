import { hasQuorum } from '../model/capabilities.ts';
import { isDurable, isWell } from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { positionOf } from '../model/position.ts';
import { isUpdateDue } from '../resources/pod.ts';
import { tooFarBehindForNow } from './lag.ts';
import { canAcknowledge, wishedSet } from './sync-sets.ts';

/** Why a planned change to this member would cost something; undefined: as the new primary it has all that it should have, and can acknowledge writes. */
export function whyCannotGoOn(
  resource: Resource,
  observed: Observed,
  winner: Member,
): string | undefined {
  if (!hasQuorum(resource.spec)) return tooFarBehindForNow(resource, observed, winner);
  // Of members that must be compared, the primary alone would be left.
  if (positionOf(winner) === undefined) return `${winner.name} does not tell its position`;
  const well = observed.members.filter(isWell).map(({ name }) => name);
  return canAcknowledge(wishedSet(resource, observed, winner.name), new Set(well))
    ? undefined
    : `too few members are well to acknowledge the writes of ${winner.name}`;
}

/** As the primary, the member would hand over for its own update next, and perhaps to a member that must hand over, too. */
export const isYetToBeReplaced = (
  resource: Resource,
  observed: Observed,
  member: Member,
): boolean =>
  isUpdateDue(resource, observed, member) &&
  observed.members.every((other) => other === member || !isUpdateDue(resource, observed, other));

/** Why this member, as the new primary, would hand over again at once, in a clause for a person; undefined: it would not. */
export function whyGivesBack(
  resource: Resource,
  observed: Observed,
  winner: Member,
): string | undefined {
  if (isYetToBeReplaced(resource, observed, winner)) {
    return `${winner.name} is replaced next, as it still runs by the former spec, and would hand over for that at once: wait until the update has ended`;
  }
  if (winner.leavesNode === undefined || !resource.spec.failover.automatic) return undefined;
  const hasAnother = observed.members.some(
    (other) =>
      other !== winner &&
      other.leavesNode === undefined &&
      isWell(other) &&
      isDurable(other) &&
      mayLead(resource, other),
  );
  return hasAnother
    ? `${winner.name} would hand over again at once, as it must go: ${winner.leavesNode}`
    : undefined;
}
