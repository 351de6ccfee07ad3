import type { Pod, PodDisruptionBudget } from '../../src/kube/api-types.ts';

/**
 * What the disruption controller counts, in the moment of the eviction: of the pods that a budget selects, `minAvailable` must be
 * healthy without this one. A pod that is not healthy itself is no loss (unhealthyPodEvictionPolicy AlwaysAllow).
 */
export function mayEvict(pod: Pod, pods: Pod[], budgets: PodDisruptionBudget[]): boolean {
  if (!isHealthy(pod)) return true;
  return budgets.every(({ spec }) => {
    const wanted = Object.entries(spec?.selector?.matchLabels ?? {});
    const isSelected = ({ metadata }: Pod) =>
      wanted.every(([name, value]) => metadata?.labels?.[name] === value);
    const others = pods.filter((other) => other !== pod && isSelected(other) && isHealthy(other));
    return !isSelected(pod) || others.length >= Number(spec?.minAvailable ?? 0);
  });
}

const isHealthy = ({ metadata, status }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some((each) => each.type === 'Ready' && each.status === 'True');
