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

/** An object of an earlier resource with the same name but another UID: Kubernetes' garbage collector will delete it. */
export function isAwaitingGarbageCollection(
  object: KubeObject,
  resource: { name: string; uid: string },
): boolean {
  const owner = controllerOf(object);
  return owner?.kind === kind && owner.name === resource.name && owner.uid !== resource.uid;
}
