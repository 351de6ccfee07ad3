import type { Spec } from '../../api/spec.ts';
import { type Unstructured, asList, asUnstructured } from '../../core/model/unstructured.ts';
import type { ZoneView } from '../../core/model/found-objects.ts';
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

/** The rules of Kubernetes for node affinity (v1.NodeSelectorRequirement). An operator that is not known excludes nothing. */
function meets(value: string | undefined, { operator, values }: Unstructured): boolean {
  const given = Array.isArray(values) ? values.map(String) : [];
  switch (operator) {
    case 'In':
      return value !== undefined && given.includes(value);
    case 'NotIn':
      return value === undefined || !given.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return Number(value) > Number(given[0]);
    case 'Lt':
      return Number(value) < Number(given[0]);
    default:
      return true;
  }
}

/** Whether the node affinity that the template requires allows this node: one term must be met as a whole. */
function isAllowed(node: Node, affinity: unknown): boolean {
  const { nodeAffinity } = asUnstructured(affinity);
  const required = asUnstructured(nodeAffinity)['requiredDuringSchedulingIgnoredDuringExecution'];
  const terms = asList(asUnstructured(required)['nodeSelectorTerms']);
  const { labels = {}, name } = node.metadata ?? {};
  return (
    terms.length === 0 ||
    terms.some((term) => {
      const [expressions, fields] = [asList(term['matchExpressions']), asList(term['matchFields'])];
      return (
        expressions.length + fields.length > 0 &&
        expressions.every((each) => meets(labels[String(each['key'])], each)) &&
        fields.every((each) => meets(name, each))
      );
    })
  );
}

function takesMembers(node: Node, spec: Spec): boolean {
  const podSpec = spec.template.spec;
  const tolerations = asList(podSpec['tolerations']) as Toleration[];
  const selector = asUnstructured(podSpec['nodeSelector']);
  const keepsAway = (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerations.some(tolerates(taint)),
  );
  return (
    isNodeReady(node) &&
    node.spec?.unschedulable !== true &&
    !keepsAway &&
    isAllowed(node, podSpec['affinity']) &&
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
