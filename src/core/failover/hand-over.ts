import { hasQuorum } from '../model/capabilities.ts';
import { isWell } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { tooFarBehindForNow } from './lag.ts';
import { canAcknowledge, wishedSet } from './sync-sets.ts';

/** Why a planned change to this member would cost something; undefined: as the new primary it has all that it should have, and can acknowledge writes. */
export function whyCannotGoOn(
  resource: Resource,
  observed: Observed,
  winner: Member,
): string | undefined {
  if (!hasQuorum(resource.spec)) return tooFarBehindForNow(resource, observed, winner);
  const well = observed.members.filter(isWell).map(({ name }) => name);
  return canAcknowledge(wishedSet(resource, observed, winner.name), new Set(well))
    ? undefined
    : `too few members are well to acknowledge the writes of ${winner.name}`;
}
