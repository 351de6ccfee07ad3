import type { Spec } from '../../api/spec.ts';
import type { ZoneView } from '../../core/model/observed.ts';
import type { Node } from '../../kube/api-types.ts';
import { isNodeReady } from './pod-view.ts';

interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
}

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** The rule of Kubernetes: an empty key with Exists tolerates every taint, an empty effect every effect. */
const tolerates = (taint: Taint) => (toleration: Toleration) =>
  (toleration.effect === undefined || toleration.effect === taint.effect) &&
  (toleration.operator === 'Exists'
    ? toleration.key === undefined || toleration.key === taint.key
    : toleration.key === taint.key && (toleration.value ?? '') === (taint.value ?? ''));

function takesMembers(node: Node, spec: Spec): boolean {
  const podSpec = spec.template.spec;
  const tolerations = (podSpec['tolerations'] ?? []) as Toleration[];
  const selector = (podSpec['nodeSelector'] ?? {}) as Record<string, string>;
  const keepsAway = (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some(tolerates(taint)),
  );
  return (
    isNodeReady(node) &&
    node.spec?.unschedulable !== true &&
    !keepsAway &&
    Object.entries(selector).every(([key, value]) => node.metadata?.labels?.[key] === value)
  );
}

/** The zones with at least one node that can take a member, sorted by name. */
export function zonesOf(nodes: Node[], spec: Spec): ZoneView[] {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    const zone = node.metadata?.labels?.[spec.placement.zones.topologyKey];
    if (zone !== undefined && takesMembers(node, spec)) {
      counts.set(zone, (counts.get(zone) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([name, count]) => ({ name, nodes: count }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
