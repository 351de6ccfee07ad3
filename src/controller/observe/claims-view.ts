import { madeForAnnotation, scaledAwayAnnotation } from '../../api/labels.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ClaimView, OwnedClaim } from '../../core/model/found-objects.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';
import { isGivenUp, isOfEarlier, isOwnedBy, scaledAwayMark } from '../state/owner-references.ts';
import type { Stores } from '../state/stores.ts';

/** The node that the scheduler has chosen for a volume that is made for its first pod. */
const selectedNode = 'volume.kubernetes.io/selected-node';

interface Claim {
  spec: PersistentVolumeClaim['spec'];
  status: PersistentVolumeClaim['status'];
}

function sizesOf({
  spec,
  status,
}: Claim): Pick<ClaimView, 'requests' | 'capacity' | 'storageClass'> {
  const requests = spec?.resources?.requests?.['storage'];
  const capacity = status?.capacity?.['storage'];
  const storageClass = spec?.storageClassName;
  return {
    ...(requests === undefined ? {} : { requests }),
    ...(capacity === undefined ? {} : { capacity }),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

/** Source: Kubernetes, conditions and allocatedResourceStatuses of a PersistentVolumeClaim. */
function resizeOf(status: Claim['status']): Pick<ClaimView, 'resize'> {
  const conditions = (status?.conditions ?? []).filter((each) => each.status === 'True');
  const failed = conditions.find(({ type }) => /^(Controller|Node)ResizeError$/.test(type));
  const state = status?.allocatedResourceStatuses?.['storage'];
  if (failed !== undefined || state?.endsWith('ResizeInfeasible') === true) {
    const message = failed?.message ?? state ?? '';
    return { resize: { state: 'Failed', message } };
  }
  const pending = conditions.find(({ type }) => type === 'FileSystemResizePending');
  return pending === undefined
    ? {}
    : { resize: { state: 'FileSystemPending', message: pending.message ?? '' } };
}

/** All that are deleted with the resource: those of a template that is gone as well. */
export function ownedClaimsOf({ namespace, name, uid }: Resource, stores: Stores): OwnedClaim[] {
  return stores.claims
    .byIndex('label', `${namespace}/${name}`)
    .filter((claim) => isOwnedBy(claim, uid))
    .map(({ metadata }) => ({ name: metadata?.name ?? '', uid: metadata?.uid ?? '' }));
}

/** The claims of spec.volumeClaimTemplates that exist, by ordinal. */
export function claimsOf(resource: Resource, stores: Stores): ClaimView[] {
  const { namespace, name: service, spec } = resource;
  const templates = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
  if (templates.length === 0) return [];
  return stores.claims
    .byIndex('label', `${namespace}/${service}`)
    .flatMap((claim): ClaimView[] => {
      const { metadata, spec: wanted, status } = claim;
      const isRestored = (wanted?.dataSource ?? wanted?.dataSourceRef) !== undefined;
      const { name = '', creationTimestamp = '', deletionTimestamp, annotations } = metadata ?? {};
      const template = templates.find((each) => name.startsWith(`${each}-${service}-`));
      if (template === undefined) return [];
      const ordinal = ordinalOf(service, name.slice(template.length + 1));
      if (ordinal === undefined) return [];
      const node = stores.nodes.get(undefined, annotations?.[selectedNode] ?? '');
      const madeFor = annotations?.[madeForAnnotation];
      const mark = annotations?.[scaledAwayAnnotation] ?? '';
      const prefix = scaledAwayMark(resource, '');
      const scaledAway = mark.startsWith(prefix) ? mark.slice(prefix.length) : undefined;
      const isOthers = metadata?.ownerReferences?.some(({ uid }) => uid !== resource.uid);
      const isGoing =
        deletionTimestamp !== undefined || isOfEarlier(claim, resource) || isGivenUp(claim);
      const zone = node?.metadata?.labels?.[spec.placement.zones.topologyKey];
      return [
        {
          name,
          ordinal,
          uid: metadata?.uid ?? '',
          isBound: !isGoing && status?.phase === 'Bound',
          isOwned: isOwnedBy(claim, resource.uid),
          ...sizesOf({ spec: wanted, status }),
          ...resizeOf(status),
          given: { labels: metadata?.labels, annotations },
          createdAtMs: Date.parse(creationTimestamp),
          hasVolume: !isGoing && (status?.phase === 'Bound' || isRestored),
          ...(isGoing ? { isGoing } : {}),
          ...(isOthers === true ? { isOthers } : {}),
          ...(scaledAway === undefined ? {} : { scaledAway }),
          ...(madeFor === undefined ? {} : { madeFor }),
          ...(zone === undefined ? {} : { zone }),
        },
      ];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}
