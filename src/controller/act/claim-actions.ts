import { HAError, isHAError } from '../../api/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { ClaimView } from '../../core/model/found-objects.ts';
import { claimOwnerReference } from '../../core/model/manifest.ts';
import { isRoleMissing } from '../../core/status/write-failures.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, mergePatch } from '../../kube/api-request.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { isOwnedBy } from '../state/owner-references.ts';
import { adopt } from './adopt.ts';
import type { Change } from './ensure-owned-object.ts';
import type { ExecuteContext } from './execute-context.ts';

/**
 * Asks for a larger volume. Whether the StorageClass allows that, the API server knows best: it refuses the write otherwise.
 *
 * @throws HAError HA_ERR_VOLUME_NOT_GROWN if it does.
 */
export function* growClaim(
  { claim, size }: Extract<Action, { type: 'GrowClaim' }>,
  context: ExecuteContext,
): Steps<Change> {
  try {
    const spec = { resources: { requests: { storage: size } } };
    return yield* patchClaim(claim, { spec }, context);
  } catch (error) {
    const refusals = ['Forbidden', 'Invalid'];
    if (!isHAError(error) || !refusals.includes(error.reason ?? '') || isRoleMissing(error.message))
      throw error;
    const { name, requests, storageClass } = claim;
    const what = `PersistentVolumeClaim ${name} of StorageClass ${storageClass ?? 'none'} has ${requests}, and spec.volumeClaimTemplates asks for ${size}: ${error.message}`;
    throw new HAError('HA_ERR_VOLUME_NOT_GROWN', what, { reason: 'VolumeNotGrown', cause: error });
  }
}

/**
 * Lets a claim be deleted with its resource, or no more. The first only if that resource is surely there: see adopt.
 *
 * @throws HAError if the API server refused the write, was not reached, or has failed.
 */
export function* ownClaim(
  { claim, isOwned }: Extract<Action, { type: 'OwnClaim' }>,
  { stores, resource }: ExecuteContext,
): Steps<Change> {
  const { namespace } = resource;
  const found = stores.claims.get(namespace, claim.name);
  if (found?.metadata?.uid !== claim.uid || isOwnedBy(found, resource.uid) === isOwned) {
    return 'Same';
  }
  const { uid, resourceVersion, ownerReferences = [] } = found.metadata;
  const others = ownerReferences.filter((owner) => owner.uid !== resource.uid);
  const patch = { metadata: { uid, resourceVersion, ownerReferences: others } };
  const ref = { namespace, name: claim.name };
  try {
    const written = isOwned
      ? yield* adopt(persistentVolumeClaims, found, claimOwnerReference(resource))
      : yield* mergePatch(persistentVolumeClaims, ref, patch);
    if (written === undefined) return 'Same';
    stores.claims.observeWrite(written);
    return 'Written';
  } catch (error) {
    // The watch will show the next one.
    if (isNotFound(error) || isConflict(error)) return 'Same';
    throw error;
  }
}

/** Guarded by UID. @throws HAError if the API server refused the write, was not reached, or has failed. */
export function* patchClaim(
  { name, uid }: ClaimView,
  change: { metadata?: object; spec?: object },
  { stores, resource }: ExecuteContext,
): Steps<Change> {
  const ref = { namespace: resource.namespace, name };
  const patch = { ...change, metadata: { ...change.metadata, uid } };
  try {
    stores.claims.observeWrite(yield* mergePatch(persistentVolumeClaims, ref, patch));
    return 'Written';
  } catch (error) {
    // The watch will show the next one.
    if (isNotFound(error) || isConflict(error)) return 'Same';
    throw error;
  }
}
