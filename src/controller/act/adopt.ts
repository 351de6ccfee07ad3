import type { OwnerReference } from '../../core/model/manifest.ts';
import { isNotFound } from '../../kube/api-error.ts';
import { type Steps, get, mergePatch } from '../../kube/api-request.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import type { ResourceType } from '../../kube/resources.ts';
import { haServices } from '../state/resource-type.ts';

/**
 * Makes a resource the controller of an object that has none. Guarded by resourceVersion, so that nobody else has become its
 * controller since. Asks the API server first whether that resource is there, as the controllers of Kubernetes do: the object may have
 * been orphaned by the very deletion that the cache has not seen, and the garbage collector would delete an object whose controller
 * is gone.
 *
 * @returns the object with its controller; undefined if that resource is gone or is being deleted
 * @throws HAError if the API server refused the write, was not reached, or has failed.
 */
export function* adopt<T extends KubeObject>(
  type: ResourceType<T>,
  { metadata }: T,
  owner: OwnerReference,
): Steps<T | undefined> {
  const { name = '', namespace, resourceVersion, uid, ownerReferences = [] } = metadata ?? {};
  try {
    const resource = yield* get(haServices, { namespace, name: owner.name });
    const { uid: present, deletionTimestamp } = resource.metadata;
    if (present !== owner.uid || deletionTimestamp !== undefined) return undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
  const owners = [...ownerReferences, owner];
  const patch = { metadata: { resourceVersion, uid, ownerReferences: owners } };
  return yield* mergePatch(type, { namespace, name }, patch);
}
