import type { Member, Resource } from '../../core/model/observed.ts';
import type { Pod } from '../../kube/api-types.ts';
import type { Stores } from '../state/stores.ts';
import { toMember } from './pod-view.ts';

/** Pods as the core sees them, by ordinal. */
export function toMembers(
  { name, spec, inherited }: Resource,
  pods: Pod[],
  stores: Stores,
): Member[] {
  const { topologyKey } = spec.placement.zones;
  const nodeSelector = spec.template.spec['nodeSelector'] as Record<string, string> | undefined;
  const view = {
    name,
    topologyKey,
    zone: nodeSelector?.[topologyKey],
    inherits: inherited !== undefined,
  };
  return pods
    .flatMap((pod) => {
      const node = pod.spec?.nodeName ? stores.nodes.get(undefined, pod.spec.nodeName) : undefined;
      return toMember(view, pod, node) ?? [];
    })
    .sort((a, b) => a.ordinal - b.ordinal);
}
