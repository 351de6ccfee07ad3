import { allowDeletion, applyRole } from '../../api/advice.ts';
import { agentVolume } from '../../protocol/agent-config.ts';
import type { Spec } from '../../api/spec.ts';
import { usesAgent } from '../model/capabilities.ts';
import { agentField } from '../model/container-end.ts';
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

/** LimitRange and ResourceQuota: the first does not say of which container it speaks, the second does if it asks for a field. */
const isAboutResources = (message: string): boolean =>
  /\bper (Container|Pod)\b|\bquota\b.*\b(cpu|memory|ephemeral-storage)\b/.test(message);

/** As sourceOf; with the field for the agent's container, if the resources of a pod with an agent are refused. */
function resourcesOf(spec: Spec, failure: WriteFailure): string {
  const { what, message } = failure;
  const source = sourceOf(failure);
  if (!what.startsWith('create Pod ') || source !== 'spec.template') return source;
  if (!usesAgent(spec) || !isAboutResources(message)) return source;
  const named = [...message.matchAll(/must specify \S+ for: ([^;\s]+)|; \S+ for: ([^;\s]+)/g)]
    .flatMap(([, first, other]) => (first ?? other ?? '').split(','))
    .filter((name) => name !== '');
  if (named.length > 0 && named.every((name) => name === agentVolume)) return agentField;
  if (named.length > 0 && !named.includes(agentVolume)) return source;
  return `the resources of your containers in ${source}, or of the init container ${agentVolume}, which ${agentField} sets`;
}

/** The admission plugin OwnerReferencesPermissionEnforcement, whose words these are. */
const isDeleteMissing = ({ what, message }: WriteFailure): boolean =>
  what.includes('PersistentVolumeClaim') && message.includes("on a resource you can't delete");

/** What a write that the API server refused means, and what to do. */
export function writeFailureDegradedReason(spec: Spec, failure: WriteFailure): Degradation {
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
          : `allow it (quota, pod security), or correct ${resourcesOf(spec, failure)}`;
      return { reason: 'WriteRefused', message: `cannot ${what}: ${cut(message)}; ${advice}` };
    }
    default:
      return { reason: 'WriteFailed', message: `cannot ${what}, trying again: ${cut(message)}` };
  }
}
