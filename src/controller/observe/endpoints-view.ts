import { type ServiceRole, serviceNames, sliceName } from '../../core/model/naming.ts';
import type { Member, Observed, Resource } from '../../core/model/observed.ts';
import type { ForeignEndpoints } from '../../core/model/found-objects.ts';
import type { EndpointSlice } from '../../kube/api-types.ts';
import { foreignPodOf } from './foreign-pods.ts';
import { controllerOf, isOwnOrOrphan } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';
import { toMembers } from './to-members.ts';

/** The endpoints of the write Service's slices, the family of the addresses, and the endpoints that the operator did not make. */
export function endpointsSeen(
  resource: Resource,
  members: Member[],
  stores: Stores,
): Pick<
  Observed,
  'writeEndpoints' | 'served' | 'servedOrphans' | 'ipv6' | 'foreignEndpoints' | 'additionalSlices'
> {
  const service = serviceNames(resource.name).write;
  const slice = (ipv6: boolean) => {
    const found = stores.slices.get(resource.namespace, sliceName(service, ipv6));
    return found !== undefined && isOwnOrOrphan(found, resource) ? found : undefined;
  };
  const ip = members.find((member) => member.ip !== undefined)?.ip;
  const ipv6 = ip === undefined ? slice(true) !== undefined : ip.includes(':');
  const slices = [slice(false), slice(true)].filter((found) => found !== undefined);
  const foreign = {
    foreignEndpoints: foreignEndpointsOf(resource, stores),
    additionalSlices: additionalSlicesOf(resource, stores),
  };
  const common = { ipv6, ...foreign, ...servedBy(resource, members, stores) };
  return slices.length === 0 ? common : { ...common, writeEndpoints: uidsIn(slices) };
}

const uidsIn = (slices: EndpointSlice[]): string[] =>
  slices
    // The API server writes null for an empty list.
    .flatMap(({ endpoints }) => endpoints ?? [])
    .map(({ targetRef }) => targetRef?.uid ?? '');

/** The endpoints of the Services of this resource, and those of them that are not members yet. */
function servedBy(
  resource: Resource,
  members: Member[],
  stores: Stores,
): Pick<Observed, 'served' | 'servedOrphans'> {
  const { namespace, name } = resource;
  const label = `${namespace}/${name}`;
  const slices = stores.slices
    .byIndex('label', label)
    .filter((slice) => isOwnOrOrphan(slice, resource));
  const behind = (service: string) =>
    uidsIn(
      slices.filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service),
    );
  const { write, read, all, members: named } = serviceNames(name);
  const uids = {
    write: behind(write),
    read: behind(read),
    all: behind(all),
    members: behind(named),
  };
  const served = [...new Set([...uids.write, ...uids.read, ...uids.all])];
  if (served.length === 0) return {};
  const orphanPods = stores.pods.byIndex('label', label).filter((pod) => {
    const { orphanUid } = foreignPodOf(pod, resource);
    return orphanUid !== undefined && !members.some(({ uid }) => uid === orphanUid);
  });
  const orphans = toMembers(resource, orphanPods, stores);
  const those = (role: ServiceRole) => orphans.filter(({ uid }) => uids[role].includes(uid));
  if (orphans.length === 0) return { served };
  const servedOrphans = {
    write: those('write'),
    read: those('read'),
    all: those('all'),
    members: those('members'),
  };
  return { served, servedOrphans };
}

function additionalSlicesOf(resource: Resource, stores: Stores): Observed['additionalSlices'] {
  const { namespace, name: service } = resource;
  const names = Object.entries(serviceNames(service)) as [ServiceRole, string][];
  return stores.slices.byIndex('label', `${namespace}/${service}`).flatMap((slice) => {
    const { name = '', uid = '', labels } = slice.metadata ?? {};
    const of = labels?.['kubernetes.io/service-name'];
    const [role] = names.find(([, each]) => each === of) ?? [];
    if (role === undefined || of === undefined || !isOwnOrOrphan(slice, resource)) return [];
    const usualNames = [false, true].map((ipv6) => sliceName(of, ipv6));
    if (usualNames.includes(name)) return [];
    const usual = usualNames.flatMap((each) => stores.slices.get(namespace, each) ?? []);
    const uids = uidsIn([slice]);
    return [{ kind: 'EndpointSlice', name, uid, role, uids, usual: uidsIn(usual) }];
  });
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
