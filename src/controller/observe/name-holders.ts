import { kind } from '../../api/haservice.ts';
import { type NamedObject } from '../../core/model/found-objects.ts';
import { resourcesOfService } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { controllerOf } from '../state/owner-references.ts';
import type { Stores } from '../state/stores.ts';

type Named = Pick<Resource, 'name' | 'namespace' | 'createdAtMs'>;

/** Of two made in the same second, every operator process takes the same one for the older. */
function isOlder({ metadata }: KubeObject, { name, createdAtMs }: Named): boolean {
  const madeMs = Date.parse(metadata?.creationTimestamp ?? '');
  return madeMs < createdAtMs || (madeMs === createdAtMs && (metadata?.name ?? '') < name);
}

/**
 * Another resource that needs this Service and is older: the name is its own, also while the Service is missing, as somebody has deleted
 * it. Otherwise the newer one would take the name from a service that works.
 */
export function olderHolder(resource: Named, service: string, stores: Stores): string | undefined {
  return resourcesOfService(service).find((name) => {
    const other = stores.resources.get(resource.namespace, name);
    return (
      name !== resource.name &&
      other !== undefined &&
      other.metadata.deletionTimestamp === undefined &&
      isOlder(other, resource)
    );
  });
}

/** The field `controller` of an object that belongs to somebody else. */
export function controllerField(
  object: KubeObject,
  resource: Named,
  stores: Stores,
): Pick<NamedObject, 'controller'> {
  const owner = controllerOf(object);
  if (owner === undefined) return {};
  const other =
    owner.kind === kind ? stores.resources.get(resource.namespace, owner.name) : undefined;
  const isNewer = other?.metadata.uid === owner.uid && !isOlder(other, resource);
  return { controller: isNewer ? 'NewerHAService' : 'Other' };
}
