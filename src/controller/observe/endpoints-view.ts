import { serviceNames, sliceName } from '../../core/model/naming.ts';
import type { Member, Observed, Resource, ForeignEndpoints } from '../../core/model/observed.ts';
import { controllerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

/** What the write Service's slices hold, which family the addresses have, and what should not be there. */
export function endpointsSeen(
  resource: Resource,
  members: Member[],
  stores: Stores,
): Pick<Observed, 'writeEndpoints' | 'ipv6' | 'foreignEndpoints'> {
  const service = serviceNames(resource.name).write;
  const slice = (ipv6: boolean) => {
    const found = stores.slices.get(resource.namespace, sliceName(service, ipv6));
    return found !== undefined && controllerUid(found) === resource.uid ? found : undefined;
  };
  const ip = members.find((member) => member.ip !== undefined)?.ip;
  const ipv6 = ip === undefined ? slice(true) !== undefined : ip.includes(':');
  const slices = [slice(false), slice(true)].filter((found) => found !== undefined);
  const foreignEndpoints = foreignEndpointsOf(resource, stores);
  if (slices.length === 0) return { ipv6, foreignEndpoints };
  const endpoints = slices.flatMap((found) => found.endpoints ?? []);
  return {
    ipv6,
    foreignEndpoints,
    writeEndpoints: endpoints.map(({ targetRef }) => targetRef?.uid ?? ''),
  };
}

function foreignEndpointsOf(resource: Resource, stores: Stores): ForeignEndpoints[] {
  const { namespace } = resource;
  const ours = Object.values(serviceNames(resource.name)).flatMap((name) => {
    const service = stores.services.get(namespace, name);
    return service !== undefined && controllerUid(service) === resource.uid ? [service] : [];
  });
  return stores.slices
    .byIndex('label', `${namespace}/${resource.name}`)
    .flatMap((slice): ForeignEndpoints[] => {
      const owner = controllerOf(slice);
      const { name = '', uid = '' } = slice.metadata ?? {};
      const stray: ForeignEndpoints = { kind: 'EndpointSlice', name, uid };
      if (owner === undefined) return [];
      if (ours.some(({ metadata }) => metadata?.uid === owner.uid)) return [stray];
      const isCopy =
        owner.kind === 'Endpoints' && ours.some(({ metadata }) => metadata?.name === owner.name);
      return isCopy ? [{ kind: 'Endpoints', name: owner.name, uid: owner.uid }, stray] : [];
    });
}
