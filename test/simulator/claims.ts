import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ApiServer } from './api-server.ts';
import { t0, timestamp } from './time.ts';

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

/** The pod has ended. @returns Whether its claims were to be deleted. They are gone now, and the data with them. */
export function endClaims(api: ApiServer, pod: string): boolean {
  const ending = claimsOf(api, pod).filter(
    ({ metadata }) => metadata?.deletionTimestamp !== undefined,
  );
  for (const claim of ending) api.remove(kind, claim);
  return ending.length > 0;
}
