import type { ClaimView } from '../model/found-objects.ts';
import type { Degradation } from '../model/fault.ts';
import type { Observed, Resource } from '../model/observed.ts';
import type { Spec } from '../../api/spec.ts';
import { asUnstructured } from '../model/unstructured.ts';
import { quantityOf } from './quantity.ts';

type Seen = Pick<Observed, 'claims' | 'members'>;

/** The template of a claim, by the name of the claim. */
export const templateOf = ({ spec }: Resource, pod: string, claim: string) =>
  spec.volumeClaimTemplates.find(({ metadata }) => claim === `${metadata.name}-${pod}`);

/** The size that spec.volumeClaimTemplates asks for. */
function sizeIn({ spec }: Spec['volumeClaimTemplates'][number]): string | undefined {
  const size = asUnstructured(asUnstructured(spec['resources'])['requests'])['storage'];
  return typeof size === 'string' || typeof size === 'number' ? String(size) : undefined;
}

/** The claims that a member uses, each with the size that the spec asks for. */
function* sizes(
  resource: Resource,
  { claims, members }: Seen,
): Generator<{ claim: ClaimView; wanted: string; more: number }> {
  for (const claim of claims) {
    const member = members.find(({ ordinal }) => ordinal === claim.ordinal);
    const template = member && templateOf(resource, member.name, claim.name);
    const wanted = template && sizeIn(template);
    const [a, b] = [quantityOf(wanted), quantityOf(claim.requests)];
    if (wanted === undefined || a === undefined || b === undefined) continue;
    yield { claim, wanted, more: a - b };
  }
}

/** A claim that is to grow. Only one that has its volume: Kubernetes refuses any change before. */
export const growths = (resource: Resource, seen: Seen) =>
  [...sizes(resource, seen)].filter(({ claim, more }) => more > 0 && claim.isBound);

const isGrowing = ({ requests, capacity }: ClaimView): boolean =>
  (quantityOf(requests) ?? 0) > (quantityOf(capacity) ?? Infinity);

/** Volumes that cannot get the size that the spec asks for. What the API server refuses is told by the failed write. */
export function sizeDegradedReasons(resource: Resource, seen: Seen): Degradation[] {
  return [...sizes(resource, seen)].flatMap(({ claim, wanted, more }): Degradation[] => {
    const { name, requests = '', resize, storageClass = '' } = claim;
    if (more < 0) {
      return [
        {
          reason: 'VolumeLarger',
          message: `PersistentVolumeClaim ${name} has ${requests}, and spec.volumeClaimTemplates asks for ${wanted}: a volume never shrinks, and the volume of a new member would be too small for a copy; write ${requests}`,
        },
      ];
    }
    if (resize?.state === 'Failed' && isGrowing(claim)) {
      return [
        {
          reason: 'VolumeNotGrown',
          message: `the volume of PersistentVolumeClaim ${name} cannot grow to ${requests}: ${resize.message}; see \`kubectl describe pvc ${name} -n ${resource.namespace}\` and the driver of StorageClass ${storageClass}`,
        },
      ];
    }
    return [];
  });
}

/** Volumes that are growing, in clauses for a person. */
export const sizeProgress = (resource: Resource, seen: Seen): string[] =>
  [...sizes(resource, seen)].flatMap(({ claim }) => {
    const { name, requests, capacity, resize } = claim;
    if (!isGrowing(claim) || resize?.state === 'Failed') return [];
    const wait =
      resize?.state === 'FileSystemPending'
        ? ': its file system still has to grow; if that lasts, the driver needs a restart of the pod'
        : '';
    return [`the volume of ${name} grows from ${capacity} to ${requests}${wait}`];
  });
