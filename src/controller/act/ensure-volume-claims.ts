import { HAError } from '../../api/errors.ts';
import { fieldManager, nameLabel } from '../../api/labels.ts';
import { desiredClaims } from '../../core/resources/volume-claims.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import { type Steps, create, get } from '../../kube/api-request.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';

/**
 * Makes the volume claims of a pod, before the pod. Those that are there already hold its data, and are used as they are.
 *
 * @throws HAError HA_ERR_CLAIM_UNUSABLE where one is on its way out, has lost its volume, or is not this resource's; what the
 *   API server refused or failed with.
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

function whyUnusable({ metadata, status }: PersistentVolumeClaim, resource: Resource) {
  if (metadata?.deletionTimestamp !== undefined) {
    return 'is being deleted, and its data with it: another is made when it has gone';
  }
  if (status?.phase === 'Lost') return 'has lost its volume, and the data on it';
  // By the same name a StatefulSet, or another HAService, would have its claims: their data are not ours to use.
  if (metadata?.labels?.[nameLabel] !== resource.name) {
    return `is not of this HAService; if its data are to be used, label it ${nameLabel}=${resource.name}`;
  }
  return undefined;
}
