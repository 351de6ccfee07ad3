import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource, Stranger } from '../../core/model/observed.ts';
import type { Pod } from '../../kube/api-types.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { isLeftOver, ownerOf } from '../state/owner-references.ts';
import { type Stores, controllerUid } from '../state/stores.ts';

/** Pods with our label or one of our names that another owns, or nobody. */
export function foreignPodsOf(
  resource: Resource,
  stores: Stores,
  memory: ReconcileState,
  nowMs: number,
): Stranger[] {
  const strangers = new Map<string, Stranger>();
  for (const pod of stores.pods.byIndex('label', `${resource.namespace}/${resource.name}`)) {
    if (controllerUid(pod) === resource.uid) continue;
    const stranger = foreignPodOf(pod, resource);
    strangers.set(stranger.name, stranger);
  }
  for (const [name, { stranger, untilMs }] of memory.strangers) {
    const isRecent = nowMs < untilMs && ordinalOf(resource.name, name) !== undefined;
    if (isRecent) strangers.set(name, stranger);
  }
  return [...strangers.values()];
}

/** How a pod that is not ours looks to the core. */
export function foreignPodOf(pod: Pod, resource: Resource): Stranger {
  const { name = '', deletionTimestamp } = pod.metadata ?? {};
  return {
    name,
    owner: ownerOf(pod),
    leftOver: isLeftOver(pod, resource),
    ...(deletionTimestamp === undefined ? {} : { deletionAtMs: Date.parse(deletionTimestamp) }),
  };
}
