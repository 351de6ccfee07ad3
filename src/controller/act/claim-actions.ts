import { HAError, isHAError } from '../../api/errors.ts';
import type { Action } from '../../core/model/action.ts';
import type { ClaimView } from '../../core/model/found-objects.ts';
import { scaledAwayAnnotation } from '../../api/labels.ts';
import {
  type OwnerReference,
  claimOwnerReference,
  podOwnerReference,
} from '../../core/model/manifest.ts';
import { isRoleMissing } from '../../core/status/write-failures.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { type Steps, get, mergePatch } from '../../kube/api-request.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import { isOwnedBy, scaledAwayMark } from '../state/owner-references.ts';
import type { Stores } from '../state/stores.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';
import { haServices } from '../state/resource-type.ts';
import { adopt } from './adopt.ts';
import type { Change } from './ensure-owned-object.ts';
import type { ExecuteContext } from './execute-context.ts';
import { findPod } from './pod-actions.ts';

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
  if (!isOwned) return yield* disown(found, [], resource.uid, stores);
  try {
    const written = yield* adopt(persistentVolumeClaims, found, claimOwnerReference(resource));
    if (written === undefined) return 'Same';
    stores.claims.observeWrite(written);
    return 'Written';
  } catch (error) {
    // The watch will show the next one.
    if (isNotFound(error) || isConflict(error)) return 'Same';
    throw error;
  }
}

/** @throws HAError if the API server refused the write, was not reached, or has failed. */
export function* markScaledAway(
  { claim, pod = null }: { claim: ClaimView; pod?: string | null },
  { stores, resource }: ExecuteContext,
): Steps<Change> {
  const found = stores.claims.get(resource.namespace, claim.name);
  if (found?.metadata?.uid !== claim.uid) return 'Same';
  const mark = pod === null ? null : scaledAwayMark(resource, pod);
  return yield* patchGuarded(found, { annotations: { [scaledAwayAnnotation]: mark } }, stores);
}

/**
 * Lets Kubernetes' garbage collector delete a claim: its only owner is a pod that is gone. So the operator needs no right to delete
 * claims. A claim that has an owner of the user's stays, as the garbage collector would keep it, too.
 *
 * @throws HAError if the API server refused a request, was not reached, or has failed.
 */
export function* giveUpClaim(
  { claim, pod }: Extract<Action, { type: 'GiveUpClaim' }>,
  context: ExecuteContext,
): Steps<Change> {
  const { stores, resource, object } = context;
  const { namespace, name } = resource;
  const found = stores.claims.get(namespace, claim.name);
  const { uid, annotations, ownerReferences = [] } = found?.metadata ?? {};
  if (found === undefined || uid !== claim.uid) return 'Same';
  if (annotations?.[scaledAwayAnnotation] !== scaledAwayMark(resource, pod.uid)) return 'Same';
  if (ownerReferences.some((owner) => owner.uid !== resource.uid)) return 'Same';
  try {
    // The caches may be old: the service may have been scaled up again, and the pod be there.
    const { metadata } = yield* get(haServices, { namespace, name });
    if (metadata.uid !== resource.uid) return 'Same';
    if (metadata.resourceVersion !== object.metadata.resourceVersion) return 'Same';
  } catch (error) {
    if (isNotFound(error)) return 'Same';
    throw error;
  }
  if ((yield* findPod(pod.name, context)) !== undefined) return 'Same';
  return yield* disown(found, [podOwnerReference(pod)], resource.uid, stores);
}

/** Replaces the owner reference to the resource. */
function disown(
  claim: PersistentVolumeClaim,
  next: OwnerReference[],
  uid: string,
  stores: Stores,
): Steps<Change> {
  const others = (claim.metadata?.ownerReferences ?? []).filter((owner) => owner.uid !== uid);
  return patchGuarded(claim, { ownerReferences: [...others, ...next] }, stores);
}

/** Guarded by UID and resourceVersion. */
function* patchGuarded(
  { metadata }: PersistentVolumeClaim,
  change: object,
  { claims }: Stores,
): Steps<Change> {
  const { name = '', namespace, uid, resourceVersion } = metadata ?? {};
  const patch = { metadata: { uid, resourceVersion, ...change } };
  try {
    claims.observeWrite(yield* mergePatch(persistentVolumeClaims, { namespace, name }, patch));
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
