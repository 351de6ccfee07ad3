import { madeForAnnotation, managedByLabel, nameLabel } from '../../api/labels.ts';
import type { Spec } from '../../api/spec.ts';
import { inheritedBy, withNames } from './given-names.ts';
import { type Manifest, claimOwnerReference } from '../model/manifest.ts';
import { podName } from '../model/naming.ts';
import type { Resource } from '../model/observed.ts';
import { type Unstructured, asUnstructured } from '../model/unstructured.ts';

const claimName = (template: string, pod: string) => `${template}-${pod}`;

/** Whether claims are to be deleted with the HAService. */
export const deletesClaims = ({ spec }: Resource): boolean =>
  spec.volumeClaimRetentionPolicy?.whenDeleted === 'Delete';

/** Whether the claims of a member that a scale-down removes are to be deleted. A scale to 0 is a pause. */
export const deletesScaledClaims = ({ spec }: Resource): boolean =>
  spec.volumeClaimRetentionPolicy?.whenScaled === 'Delete' && spec.replicas > 0;

/**
 * The volume claims of a member, with the names that a StatefulSet would give them. They stay when the pod is deleted, and the next pod
 * of the same name uses their data. They stay when the HAService is deleted, too, as they have no owner, if the spec does not say Delete.
 */
export function desiredClaims(resource: Resource, ordinal: number): Manifest[] {
  const { name, namespace, spec } = resource;
  return spec.volumeClaimTemplates.map((template) => {
    const { metadata } = template;
    const inherited = withNames(inheritedBy(resource, metadata), {});
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: claimName(metadata.name, podName(name, ordinal)),
        namespace,
        labels: {
          ...inherited.labels,
          ...(asUnstructured(metadata['labels']) as Record<string, string>),
          [nameLabel]: name,
          [managedByLabel]: 'haservice-operator',
        },
        annotations: {
          ...inherited.annotations,
          ...(asUnstructured(metadata['annotations']) as Record<string, string>),
          [madeForAnnotation]: resource.uid,
        },
        ...(deletesClaims(resource) ? { ownerReferences: [claimOwnerReference(resource)] } : {}),
      },
      spec: template.spec,
    };
  });
}

/** The volumes of a pod: those of the template, except that the claims replace volumes of the same name. */
export function podVolumes(spec: Spec, pod: string, given: Unstructured[]): Unstructured[] {
  const names = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
  return [
    ...given.filter((volume) => !names.includes(String(volume['name']))),
    ...names.map((name) => ({
      name,
      persistentVolumeClaim: { claimName: claimName(name, pod) },
    })),
  ];
}
