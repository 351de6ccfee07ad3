import type { OwnerReference } from '../../core/model/manifest.ts';
import { type Steps, mergePatch } from '../../kube/api-request.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import type { ResourceType } from '../../kube/resources.ts';

/**
 * Makes a resource the controller of an object that has none. Guarded by resourceVersion, so that nobody else has become its
 * controller since.
 *
 * @throws HAError if the API server refused the write, was not reached, or has failed.
 */
export function adopt<T extends KubeObject>(
  type: ResourceType<T>,
  { metadata }: T,
  owner: OwnerReference,
): Steps<T> {
  const { name = '', namespace, resourceVersion, uid, ownerReferences = [] } = metadata ?? {};
  const patch = {
    metadata: { resourceVersion, uid, ownerReferences: [...ownerReferences, owner] },
  };
  return mergePatch(type, { namespace, name }, patch);
}
