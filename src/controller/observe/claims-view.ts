import { madeForAnnotation } from '../../api/labels.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ClaimView } from '../../core/model/found-objects.ts';
import type { Stores } from '../state/stores.ts';

/** The node that the scheduler has chosen for a volume that is made for its first pod. */
const selectedNode = 'volume.kubernetes.io/selected-node';

/** The claims of spec.volumeClaimTemplates that exist, by ordinal. */
export function claimsOf(resource: Resource, stores: Stores): ClaimView[] {
  const { namespace, name: service, spec } = resource;
  const templates = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
  if (templates.length === 0) return [];
  return stores.claims
    .byIndex('label', `${namespace}/${service}`)
    .flatMap(({ metadata, spec: wanted, status }): ClaimView[] => {
      const isRestored = (wanted?.dataSource ?? wanted?.dataSourceRef) !== undefined;
      const { name = '', creationTimestamp = '', deletionTimestamp, annotations } = metadata ?? {};
      const template = templates.find((each) => name.startsWith(`${each}-${service}-`));
      if (template === undefined) return [];
      const ordinal = ordinalOf(service, name.slice(template.length + 1));
      if (ordinal === undefined) return [];
      const node = stores.nodes.get(undefined, annotations?.[selectedNode] ?? '');
      const madeFor = annotations?.[madeForAnnotation];
      const zone = node?.metadata?.labels?.[spec.placement.zones.topologyKey];
      return [
        {
          name,
          ordinal,
          createdAtMs: Date.parse(creationTimestamp),
          hasVolume: deletionTimestamp === undefined && (status?.phase === 'Bound' || isRestored),
          ...(madeFor === undefined ? {} : { madeFor }),
          ...(zone === undefined ? {} : { zone }),
        },
      ];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}
