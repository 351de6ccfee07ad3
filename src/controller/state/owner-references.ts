import { selectorLabels } from '../../core/model/naming.ts';
import { kind } from '../../api/haservice.ts';
import type { KubeObject } from '../../kube/api-types.ts';

/** The owner reference of the controller of an object. */
export const controllerOf = (object: KubeObject) =>
  object.metadata?.ownerReferences?.find(({ controller }) => controller === true);

/** The owner of an object, in a few words for a person. */
export function ownerOf(object: KubeObject): string {
  const owner = controllerOf(object);
  return owner === undefined ? 'somebody else' : `${owner.kind} ${owner.name}`;
}

/** The operator has made the object, for a resource of this name, and nothing controls the object any more (`--cascade=orphan`). */
export const isOrphan = (object: KubeObject, { name }: { name: string }): boolean =>
  controllerOf(object) === undefined &&
  object.metadata?.deletionTimestamp === undefined &&
  Object.entries(selectorLabels(name)).every(
    ([label, value]) => object.metadata?.labels?.[label] === value,
  );

/** This resource controls the object, or is to adopt it. */
export const isOwnOrOrphan = (
  object: KubeObject,
  resource: { name: string; uid: string },
): boolean => controllerOf(object)?.uid === resource.uid || isOrphan(object, resource);

/** An object of an earlier resource with the same name but another UID: Kubernetes' garbage collector will delete it. */
export function isAwaitingGarbageCollection(
  object: KubeObject,
  resource: { name: string; uid: string },
): boolean {
  const owner = controllerOf(object);
  return owner?.kind === kind && owner.name === resource.name && owner.uid !== resource.uid;
}

/** An owner of the object has this UID: when all its owners are gone, Kubernetes' garbage collector deletes the object. */
export const isOwnedBy = (object: KubeObject, uid: string): boolean =>
  (object.metadata?.ownerReferences ?? []).some((owner) => owner.uid === uid);

/**
 * A volume claim whose member a scale-down has removed, given up to the garbage collector: its owner is that pod, which is gone. Claims of
 * generic ephemeral volumes, which have a pod as their owner, too, are controlled by it.
 */
export const isGivenUp = (claim: KubeObject): boolean =>
  (claim.metadata?.ownerReferences ?? []).some(
    ({ kind: owner, controller }) => owner === 'Pod' && controller !== true,
  );

/** The mark of a claim whose member a scale-down removes. That of an earlier resource of this name says nothing about this one. */
export const scaledAwayMark = (resource: { uid: string }, podUid: string): string =>
  `${resource.uid}/${podUid}`;

/**
 * A volume claim that was to be deleted with an earlier resource of this name: the garbage collector is about to do that, if that
 * was not an orphan deletion, in which it has removed the reference before.
 */
export const isOfEarlier = (claim: KubeObject, { name, uid }: { name: string; uid: string }) =>
  !isOwnedBy(claim, uid) &&
  (claim.metadata?.ownerReferences ?? []).some(
    (owner) => owner.kind === kind && owner.name === name,
  );
