import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ApiServer } from './api-server.ts';
import { t0, timestamp } from './time.ts';
import type { World } from './world.ts';

/** The kind of what holds a member's volume. */
const kind = 'persistentvolumeclaims';

const claimsOf = (api: ApiServer, pod: string): KubeObject[] =>
  api.list(kind).filter(({ metadata }) => metadata?.name?.endsWith(`-${pod}`));

/** A person deletes the claims of a pod: they are gone when the pod is gone. */
export function deleteClaims(api: ApiServer, pod: string, nowMs: number): void {
  const deletionTimestamp = timestamp(t0 + nowMs);
  for (const claim of claimsOf(api, pod)) {
    api.put(kind, { ...claim, metadata: { ...claim.metadata, deletionTimestamp } });
  }
}

/** Claims that are to be deleted with the service. */
export const ownedClaims = (api: ApiServer): KubeObject[] =>
  api.list(kind).filter(({ metadata }) => (metadata?.ownerReferences ?? []).length > 0);

/** An operator has given it up: its owner is a pod. */
const isGivenUp = ({ metadata }: KubeObject): boolean =>
  (metadata?.ownerReferences ?? []).some((owner) => owner.kind === 'Pod');

/** How long Kubernetes' garbage collector takes. Virtual milliseconds. */
const collectedAfterMs = 1_500;

/**
 * Claims that an operator gives up are collected, and their data are gone. Never as long as a pod of that name is there or a sync set names it,
 * and never the last copy of an acknowledged write.
 */
export function collectGivenUp({ api, kernel, kubelets, checker }: World): void {
  api.watchers.add(({ kind: changed, object, isGone }) => {
    if (changed !== kind || isGone || !isGivenUp(object)) return;
    const { name = '', uid } = object.metadata ?? {};
    const pod = name.replace(/^data-/, '');
    kernel.note('GC', () => `${name} is given up`);
    if (api.pods.some(({ metadata }) => metadata?.name === pod))
      checker.fail(`${name} is given up, and its pod is there`);
    if (api.service.status.syncSets?.some(({ members }) => members.includes(pod)))
      checker.fail(`${name} is given up, and a failover may ask for ${pod}`);
    kernel.after(collectedAfterMs, () => {
      const now = api.list(kind).find(({ metadata }) => metadata?.uid === uid);
      if (now === undefined || !isGivenUp(now)) return;
      checker.givenUp(kubelets.heldWithout(pod));
      api.remove(kind, now);
      kubelets.loseVolume(pod);
    });
  });
}

/** The pod has ended. @returns Whether its claims were to be deleted. They are gone now, and the data with them. */
export function endClaims(api: ApiServer, pod: string): boolean {
  const ending = claimsOf(api, pod).filter(
    ({ metadata }) => metadata?.deletionTimestamp !== undefined,
  );
  for (const claim of ending) api.remove(kind, claim);
  return ending.length > 0;
}
