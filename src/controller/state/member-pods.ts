import type { Resource } from '../../core/model/observed.ts';
import type { Pod } from '../../kube/api-types.ts';
import { type Stores, controllerUid } from './stores.ts';

type Subject = Pick<Resource, 'namespace' | 'uid' | 'status'>;

/** Name and UID of each pod that the status has as a member. */
const knownPods = ({ status: { primary, primaryUID, members = [] } }: Subject) =>
  new Map([
    ...members.map(({ pod, uid }) => [pod, uid] as const),
    ...(primary === undefined || primaryUID === undefined ? [] : [[primary, primaryUID] as const]),
  ]);

/**
 * A pod that this resource controls; or that nothing controls, and that the status of this very resource has by its UID: somebody
 * has removed the owner references. Such a pod is a member as before, also until it is taken over: what runs in it has not changed.
 */
export function isMemberPod(pod: Pod, resource: Subject): boolean {
  const controller = controllerUid(pod);
  if (controller !== undefined) return controller === resource.uid;
  const { name = '', uid } = pod.metadata ?? {};
  return uid !== undefined && knownPods(resource).get(name) === uid;
}

/** The pods of a resource in the cache, also those that somebody has taken the owner reference from (released). */
export function memberPodsOf(resource: Subject, stores: Stores): Pod[] {
  const known = [...knownPods(resource).keys()].flatMap(
    (name) => stores.pods.get(resource.namespace, name) ?? [],
  );
  const released = known.filter((pod) => controllerUid(pod) === undefined);
  return [
    ...stores.pods.byIndex('owner', resource.uid),
    ...released.filter((pod) => isMemberPod(pod, resource)),
  ];
}
