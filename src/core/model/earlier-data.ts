import { applyRole } from '../../api/advice.ts';
import { speaksProtocol } from './capabilities.ts';
import { takesNoOrders } from './contact.ts';
import { reportOf } from './member.ts';
import type { Observed, Resource } from './observed.ts';
import type { ClaimView } from './found-objects.ts';

/**
 * Before the first election: the claims with a volume from before this resource. The resource was deleted and applied again, or
 * restored from a backup, or the claims were those of a StatefulSet. They may hold the data that the service is to go on with.
 */
export const earlierClaims = (
  resource: Resource,
  { claims }: Pick<Observed, 'claims'>,
): ClaimView[] =>
  resource.status.primary === undefined
    ? claims.filter((claim) => claim.hasVolume && isEarlier(resource, claim))
    : [];

/**
 * Without the UID only the times are known, in whole seconds. A claim of the same second counts as earlier, though an earlier version
 * of the operator, which did not write the UID, may have made the claim for this very resource.
 */
const isEarlier = ({ uid, createdAtMs }: Resource, { madeFor, ...claim }: ClaimView): boolean =>
  madeFor === undefined ? claim.createdAtMs <= createdAtMs : madeFor !== uid;

/** Before the first election: whether there may be such claims, and the operator does not know. */
export const mayHaveEarlierClaims = (
  { spec, status }: Resource,
  { unknownClaims }: Pick<Observed, 'unknownClaims'>,
): boolean =>
  unknownClaims !== undefined &&
  spec.volumeClaimTemplates.length > 0 &&
  status.primary === undefined;

/** Why no first primary is elected then, and what to do. */
export const unknownClaimsMessage = ({
  unknownClaims,
}: Pick<Observed, 'unknownClaims'>): string => {
  const [what, next] =
    unknownClaims === 'Refused'
      ? ['may not', `${applyRole}; a first primary is elected then`]
      : ['could not', 'it tries again, and then elects a first primary'];
  return `the operator ${what} list PersistentVolumeClaims, and volumes may hold data of an earlier time: ${next}`;
};

/**
 * There may be data of an earlier time, and which member holds the newest is not known yet. Until one of them leads, each must be
 * heard, and none is stopped or replaced on purpose.
 */
export function isFindingData(resource: Resource, observed: Observed): boolean {
  const { spec, status } = resource;
  if (spec.replicas === 0 || !speaksProtocol(spec) || status.initialized === true) return false;
  // They report nothing: nothing is found by waiting.
  if (observed.members.some((member) => takesNoOrders(spec, member))) return false;
  const hasData = observed.members.some((member) => {
    const state = reportOf(member)?.state;
    return state !== undefined && state !== 'Empty' && state !== 'Starting';
  });
  return (
    hasData ||
    earlierClaims(resource, observed).length > 0 ||
    mayHaveEarlierClaims(resource, observed)
  );
}
