import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource, ForeignPod } from '../../core/model/observed.ts';
import type { Pod } from '../../kube/api-types.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { isAwaitingGarbageCollection, ownerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

/** Pods with our label or one of our names that another owns, or nobody. */
export function foreignPodsOf(
  resource: Resource,
  stores: Stores,
  state: ReconcileState,
  nowMs: number,
): ForeignPod[] {
  const foreignPods = new Map<string, ForeignPod>();
  for (const pod of stores.pods.byIndex('label', `${resource.namespace}/${resource.name}`)) {
    if (controllerUid(pod) === resource.uid) continue;
    const foreignPod = foreignPodOf(pod, resource);
    foreignPods.set(foreignPod.name, foreignPod);
  }
  for (const [name, { foreignPod, untilMs }] of state.foreignPods) {
    const isRecent = nowMs < untilMs && ordinalOf(resource.name, name) !== undefined;
    if (isRecent) foreignPods.set(name, foreignPod);
  }
  return [...foreignPods.values()];
}

/** How a pod that is not ours looks to the core. */
export function foreignPodOf(pod: Pod, resource: Resource): ForeignPod {
  const { name = '', deletionTimestamp } = pod.metadata ?? {};
  return {
    name,
    owner: ownerOf(pod),
    isAwaitingGarbageCollection: isAwaitingGarbageCollection(pod, resource),
    ...(deletionTimestamp === undefined ? {} : { deletionAtMs: Date.parse(deletionTimestamp) }),
  };
}
