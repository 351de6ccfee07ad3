import { HAError } from '../../src/api/errors.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';

/** Compare-and-swap. @throws HAError if somebody else has changed the object since it was read. */
export function checkVersion(object: KubeObject, resourceVersion: string | undefined): void {
  if (resourceVersion === undefined || resourceVersion === object.metadata?.resourceVersion) return;
  refuse(409, 'Conflict');
}

/** As KubeClient reports what an API server refuses. */
export function refuse(status: number, reason: string): never {
  throw new HAError('HA_ERR_API_STATUS', `${status} ${reason}`, { status, reason });
}
