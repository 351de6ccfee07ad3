import { HAError } from '../../api/errors.ts';
import { fieldManager, nameLabel } from '../../api/labels.ts';
import { desiredClaims } from '../../core/resources/volume-claims.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import { isGivenUp, isOfEarlier } from '../state/owner-references.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { type Steps, create, get } from '../../kube/api-request.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';

/**
 * Creates the volume claims of a pod, before the pod. Claims that exist already hold its data, and are used as they are. May be
 * repeated.
 *
 * @throws HAError HA_ERR_CLAIM_UNUSABLE if a claim is being deleted, has lost its volume, or belongs to something else; another
 *   HAError if the API server refused a request, was not reached, or has failed.
 */
export function* ensureVolumeClaims(resource: Resource, pod: string): Steps<void> {
  const ordinal = ordinalOf(resource.name, pod);
  if (ordinal === undefined) return;
  for (const manifest of desiredClaims(resource, ordinal)) {
    try {
      yield* create(persistentVolumeClaims, manifest, { fieldValidation: 'Strict', fieldManager });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const found = yield* find(manifest.metadata);
      const why = found === undefined ? 'has just been deleted' : whyUnusable(found, resource);
      if (why === undefined) continue;
      const what = `PersistentVolumeClaim ${manifest.metadata.name} ${why}`;
      throw new HAError('HA_ERR_CLAIM_UNUSABLE', what, { reason: 'ClaimUnusable' });
    }
  }
}

function* find(ref: { namespace: string; name: string }): Steps<PersistentVolumeClaim | undefined> {
  try {
    return yield* get(persistentVolumeClaims, ref);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function whyUnusable(claim: PersistentVolumeClaim, resource: Resource) {
  const { metadata, status } = claim;
  if (isOfEarlier(claim, resource)) {
    return `was to be deleted with the HAService ${resource.name} of before (volumeClaimRetentionPolicy), and its data with it: another is made when it has gone`;
  }
  if (metadata?.deletionTimestamp !== undefined || isGivenUp(claim)) {
    return 'is being deleted, and its data with it: another is made when it has gone';
  }
  if (status?.phase === 'Lost') return 'has lost its volume, and the data on it';
  // The claims of a StatefulSet or of another HAService can have the same name: their data must not be used.
  const holder = metadata?.labels?.[nameLabel];
  if (holder === resource.name) return undefined;
  const label = `label it ${nameLabel}=${resource.name}`;
  return holder === undefined
    ? `is not of this HAService; if its data are to be used, and nothing else uses them, ${label}`
    : `is not of this HAService, but of HAService ${holder}: rename this HAService, or the volume in spec.volumeClaimTemplates; or, if ${holder} is gone and its data are to be used, ${label}`;
}
