import { ordinalLabel } from '../../api/labels.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ForeignPod } from '../../core/model/found-objects.ts';
import type { Pod } from '../../kube/api-types.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { isAwaitingGarbageCollection, isOrphan, ownerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

/** Pods with the label of this resource or the name of a member, that another owner controls, or none. */
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

/** The core's view of a pod that this resource does not control. */
export function foreignPodOf(pod: Pod, resource: Resource): ForeignPod {
  const { name = '', uid = '', deletionTimestamp } = pod.metadata ?? {};
  const ordinal = ordinalOf(resource.name, name);
  const isMember = ordinal !== undefined && pod.metadata?.labels?.[ordinalLabel] === `${ordinal}`;
  return {
    name,
    owner: ownerOf(pod),
    ...(controllerUid(pod) === undefined ? {} : { isControlled: true }),
    isAwaitingGarbageCollection: isAwaitingGarbageCollection(pod, resource),
    ...(isMember && isOrphan(pod, resource) ? { orphanUid: uid } : {}),
    ...(deletionTimestamp === undefined ? {} : { deletionAtMs: Date.parse(deletionTimestamp) }),
  };
}
