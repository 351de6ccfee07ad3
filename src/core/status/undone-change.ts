import { isOwnName } from '../../api/labels.ts';
import type { EventNote } from '../model/event-note.ts';
import { type ServiceRole, serviceNames } from '../model/naming.ts';

/** What somebody did to an object of the operator, and the operator has taken back. */
export interface UndoneChange {
  object: { apiVersion: string; kind: string; name: string; namespace: string; uid?: string };
  /** The paths of the changed fields; or somebody has deleted the object. */
  what: string[][] | 'Deleted';
}

interface Subject {
  /** Of the HAService. */
  name: string;
  kind: string;
  object: string;
}

const endpoints = 'the operator alone chooses the endpoints, by the health of the members';
const needed = 'the operator needs it as it is';

/** Fields of a Service that have a field of the same name in spec.services. */
const sameNames = [
  'type',
  'externalTrafficPolicy',
  'sessionAffinity',
  'loadBalancerClass',
  'loadBalancerSourceRanges',
];

/** Where the spec has what this field says, as advice; or why the field cannot be changed. */
function adviceFor(
  { name, kind, object }: Subject,
  [section = '', field = '', key = '']: string[],
) {
  if (section === 'metadata') {
    const role = kind === 'Service' ? settingsOf(name, object) : undefined;
    return isOwnName(key) || role === undefined ? needed : `write spec.services.${role}.${field}`;
  }
  if (kind === 'EndpointSlice') return section === 'ports' ? 'write spec.ports' : endpoints;
  if (kind === 'PodDisruptionBudget') {
    const isNumber = field === 'minAvailable' || field === 'maxUnavailable';
    return isNumber ? 'write spec.placement.disruptionBudget' : needed;
  }
  if (field === 'ports') return 'write spec.ports';
  if (field === 'selector') return endpoints;
  const role = settingsOf(name, object);
  if (role === undefined) return needed;
  if (field === 'sessionAffinityConfig')
    return `write spec.services.${role}.sessionAffinityTimeout`;
  return sameNames.includes(field) ? `write spec.services.${role}.${field}` : needed;
}

const settingsOf = (name: string, service: string): ServiceRole | undefined =>
  (['write', 'read', 'all'] as const).find((role) => serviceNames(name)[role] === service);

/** The name of a field in messages: labels and annotations are named whole, other fields by their first two parts. */
export const nameOf = ([section = '', field, key]: string[]) =>
  [section, field, ...(section === 'metadata' ? [key] : [])]
    .filter((part) => part !== undefined)
    .join('.');

/** The Event about a change by hand that was undone. */
export function undoneNote(name: string, { object: changed, what }: UndoneChange): EventNote {
  const { kind, name: object } = changed;
  const about = { name, kind, object };
  const note =
    what === 'Deleted'
      ? `${kind} ${object} was deleted and is made again: it goes when the HAService is deleted`
      : `${kind} ${object} was changed by somebody else, and that was undone: ${[
          ...new Set(what.map((path) => `${nameOf(path)}: ${adviceFor(about, path)}`)),
        ].join('; ')}`;
  return { type: 'Warning', reason: 'ChangeUndone', action: 'Reconcile', note, ...podOf(about) };
}

const podOf = ({ kind, object }: Subject) => (kind === 'Pod' ? { pod: object } : {});
