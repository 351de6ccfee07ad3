import { kind } from '../../api/haservice.ts';
import type { KubeObject } from '../../kube/api-types.ts';

/** Who manages an object, by its reference. */
export const controllerOf = (object: KubeObject) =>
  object.metadata?.ownerReferences?.find(({ controller }) => controller === true);

/** Who has an object, in words. */
export function ownerOf(object: KubeObject): string {
  const owner = controllerOf(object);
  return owner === undefined ? 'somebody else' : `${owner.kind} ${owner.name}`;
}

/** Left by an earlier resource of this name: another UID, so that Kubernetes' garbage collector will delete it. */
export function isAwaitingGarbageCollection(
  object: KubeObject,
  resource: { name: string; uid: string },
): boolean {
  const owner = controllerOf(object);
  return owner?.kind === kind && owner.name === resource.name && owner.uid !== resource.uid;
}
