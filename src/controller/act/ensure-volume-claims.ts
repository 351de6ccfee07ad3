import { HAError } from '../../api/errors.ts';
import { fieldManager, nameLabel } from '../../api/labels.ts';
import { desiredClaims } from '../../core/resources/volume-claims.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Resource } from '../../core/model/observed.ts';
import { isAlreadyExists, isNotFound } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { persistentVolumeClaims } from '../../kube/resources.ts';
import type { PersistentVolumeClaim } from '../../kube/api-types.ts';

/**
 * Makes the volume claims of a pod, before the pod. Those that are there already hold its data, and are used as they are.
 *
 * @throws HAError HA_ERR_CLAIM_UNUSABLE where one is on its way out, has lost its volume, or is not this resource's; what the
 *   API server refused or failed with.
 */
export async function ensureClaims(
  client: Pick<KubeClient, 'create' | 'get'>,
  resource: Resource,
  pod: string,
  signal: AbortSignal,
): Promise<void> {
  const ordinal = ordinalOf(resource.name, pod);
  if (ordinal === undefined) return;
  for (const manifest of desiredClaims(resource, ordinal)) {
    try {
      await client.create(persistentVolumeClaims, manifest, {
        signal,
        fieldValidation: 'Strict',
        fieldManager,
      });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const found = await find(client, manifest.metadata, signal);
      const why = found === undefined ? 'has just been deleted' : whyUnusable(found, resource);
      if (why === undefined) continue;
      const what = `PersistentVolumeClaim ${manifest.metadata.name} ${why}`;
      throw new HAError('HA_ERR_CLAIM_UNUSABLE', what, { reason: 'ClaimUnusable' });
    }
  }
}

async function find(
  client: Pick<KubeClient, 'get'>,
  { namespace, name }: { namespace: string; name: string },
  signal: AbortSignal,
): Promise<PersistentVolumeClaim | undefined> {
  try {
    return await client.get(persistentVolumeClaims, { namespace, name }, { signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function whyUnusable({ metadata, status }: PersistentVolumeClaim, resource: Resource) {
  if (metadata?.deletionTimestamp !== undefined) {
    return 'is being deleted, and its data with it: another is made when it has gone';
  }
  if (status?.phase === 'Lost') return 'has lost its volume, and the data on it';
  // By the same name a StatefulSet, or another HAService, would have its claims: their data are not ours to use.
  if (metadata?.labels?.[nameLabel] !== resource.name) {
    return `is not of this HAService; if its data are to be used, label it ${nameLabel}=${resource.name}`;
  }
  return undefined;
}
