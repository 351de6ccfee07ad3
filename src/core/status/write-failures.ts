import { allowDeletion, applyRole } from '../../api/advice.ts';
import type { Degradation, WriteFailure } from '../model/fault.ts';

/** The first characters of a message that another program has written. */
export const cut = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}...` : text);

/** What the authorizers of Kubernetes say; a quota, pod security and other admission plugins say something else. */
export const isRoleMissing = (message: string) => /\bcannot [a-z]+ resource "/.test(message);

/** The fields that the object of a write is made from. */
function sourceOf({ what, message }: WriteFailure): string {
  const [verb, kind] = what.split(' ');
  switch (kind) {
    case 'Service':
      return 'spec.services, spec.ports or spec.inherit';
    case 'EndpointSlice':
      return 'spec.ports or spec.inherit';
    case 'PodDisruptionBudget':
      return 'spec.inherit';
    case 'PersistentVolumeClaim':
      return verb === 'label' ? 'spec.inherit' : 'spec.volumeClaimRetentionPolicy';
    default:
      // The claims of a pod are made before it.
      return message.includes('/persistentvolumeclaims')
        ? 'spec.volumeClaimTemplates'
        : 'spec.template';
  }
}

/** The admission plugin OwnerReferencesPermissionEnforcement, whose words these are. */
const isDeleteMissing = ({ what, message }: WriteFailure): boolean =>
  what.includes('PersistentVolumeClaim') && message.includes("on a resource you can't delete");

/** What a write that the API server refused means, and what to do. */
export function writeFailureDegradedReason(failure: WriteFailure): Degradation {
  const { what, reason, message } = failure;
  switch (reason) {
    case 'NameTaken':
    case 'VolumeNotGrown':
      return { reason, message };
    case 'WriteNotKept':
      return {
        reason,
        message: `${what} does not last, and is tried again every half minute: an admission webhook, or another program, changes what the operator writes: ${cut(message)}; let it leave the objects of this HAService alone`,
      };
    case 'NamespaceTerminating':
      return {
        reason,
        message: `cannot ${what}: the namespace is being deleted, and this HAService with it`,
      };
    case 'Invalid':
    case 'BadRequest':
      return {
        reason: 'TemplateRefused',
        message: `cannot ${what}: ${cut(message)}; correct ${sourceOf(failure)}`,
      };
    case 'Forbidden': {
      const advice = isRoleMissing(message)
        ? applyRole
        : isDeleteMissing(failure)
          ? allowDeletion
          : `allow it (quota, pod security), or correct ${sourceOf(failure)}`;
      return { reason: 'WriteRefused', message: `cannot ${what}: ${cut(message)}; ${advice}` };
    }
    default:
      return { reason: 'WriteFailed', message: `cannot ${what}, trying again: ${cut(message)}` };
  }
}
