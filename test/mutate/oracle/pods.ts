import { nameLabel, roleLabel } from '../../../src/api/labels.ts';
import type { Spec } from '../../../src/api/spec.ts';
import type { Pod } from '../../../src/kube/api-types.ts';
import { isReady } from '../../framework/state.ts';
import { missing } from './contains.ts';
import { type Seen, labelsOf, nameOf } from './seen.ts';

/** What is wrong with the pods. */
export function wrongPods({ resource, pods, zones }: Seen, spec: Spec): string[] {
  const wrong: string[] = [];
  if (pods.length !== spec.replicas) {
    wrong.push(`there are ${pods.length} pods, not ${spec.replicas}`);
  }
  const unready = pods.filter((pod) => !isReady(pod)).map(nameOf);
  if (unready.length > 0) wrong.push(`not ready: ${unready.join(', ')}`);
  const primaries = pods.filter((pod) => labelsOf(pod)[roleLabel] === 'primary').map(nameOf);
  const leader = spec.topology === 'ActiveActive' ? undefined : resource.status?.primary;
  if (pods.length > 0 && primaries.join() !== (leader ?? '')) {
    wrong.push(
      `the primary is ${leader ?? 'nobody'}, labelled as such: ${primaries.join() || 'none'}`,
    );
  }
  return [
    ...wrong,
    ...wrongLeader(pods, leader, zones, spec),
    ...pods.flatMap((pod) =>
      [...unlikeTemplate(pod, spec), ...wrongPlacement(pod, spec)].map(
        (fault) => `pod ${nameOf(pod)}: ${fault}`,
      ),
    ),
    ...unevenZones(pods, spec, zones),
  ];
}

/** A primary that is named by failover.neverPrimary leads on only if no other member may lead. */
function wrongLeader(
  pods: Pod[],
  leader: string | undefined,
  zones: Seen['zones'],
  { failover: { neverPrimary = {} } }: Spec,
): string[] {
  const may = (pod: Pod) =>
    neverPrimary.ordinals?.some((ordinal) => nameOf(pod).endsWith(`-${ordinal}`)) !== true &&
    neverPrimary.zones?.includes(zones.get(pod.spec?.nodeName ?? '') ?? '') !== true;
  return pods.some((pod) => nameOf(pod) === leader && !may(pod)) && pods.some(may)
    ? [`${leader} leads, and failover.neverPrimary names it`]
    : [];
}

/** What the agent of the operator replaces in the container of the program. */
const replaced = ['command', 'args'];

function unlikeTemplate(pod: Pod, { template, engine, failover, topology }: Spec): string[] {
  const { metadata = {}, spec } = template as {
    metadata?: Record<string, unknown>;
    spec: Spec['template']['spec'];
  };
  const program = engine.container ?? spec.containers[0]?.name;
  // Without an agent a pod has the program of the template.
  const hasAgent =
    ['Redis', 'Postgres', 'Exec'].includes(engine.type) ||
    (failover.consistency === 'Strong' && topology === 'ActivePassive');
  const containers = spec.containers.map((container) =>
    hasAgent && container.name === program
      ? Object.fromEntries(Object.entries(container).filter(([key]) => !replaced.includes(key)))
      : container,
  );
  const { labels, annotations } = metadata;
  const wanted = {
    metadata: {
      labels: { ...(labels as object), [nameLabel]: labelsOf(pod)[nameLabel] },
      annotations,
    },
    spec: { ...spec, containers },
  };
  return missing(wanted, pod);
}

function wrongPlacement({ spec: pod }: Pod, { placement, template }: Spec): string[] {
  const { topologyKey, whenUnsatisfiable, minZones } = placement.zones;
  const own = (template.spec as { topologySpreadConstraints?: { topologyKey?: string }[] })
    .topologySpreadConstraints;
  const isGiven = own?.some((each) => each.topologyKey === topologyKey) === true;
  const isStrict = whenUnsatisfiable === 'DoNotSchedule';
  const constraint = {
    ...{ maxSkew: 1, topologyKey, whenUnsatisfiable },
    ...(isStrict && minZones !== undefined ? { minDomains: minZones } : {}),
  };
  const anti = pod?.affinity?.podAntiAffinity;
  const required = anti?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = anti?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const isRequired = placement.nodes === 'Required';
  return [
    ...(isGiven
      ? []
      : missing([constraint], pod?.topologySpreadConstraints ?? [], 'topologySpreadConstraints')),
    ...(isRequired === required.length > 0 && isRequired === (preferred.length === 0)
      ? []
      : [`placement.nodes is ${placement.nodes}, its anti-affinity ${JSON.stringify(anti)}`]),
  ];
}

/** Members are spread by the label of the zone, as far as there are zones. */
function unevenZones(pods: Pod[], { placement, template }: Spec, zones: Seen['zones']): string[] {
  if (placement.zones.topologyKey !== 'topology.kubernetes.io/zone') return [];
  if ('topologySpreadConstraints' in template.spec) return [];
  const counts = new Map([...zones.values()].map((zone) => [zone, 0]));
  for (const { spec } of pods) {
    const zone = zones.get(spec?.nodeName ?? '');
    if (zone !== undefined) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  }
  const numbers = [...counts.values()];
  return numbers.length > 0 && Math.max(...numbers) - Math.min(...numbers) > 1
    ? [`the zones have ${[...counts].map(([zone, n]) => `${zone}: ${n}`).join(', ')} members`]
    : [];
}
