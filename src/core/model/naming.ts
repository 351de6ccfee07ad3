import { group, managedByLabel, nameLabel } from '../../api/labels.ts';

export const podName = (name: string, ordinal: number) => `${name}-${ordinal}`;

/** Ordinal of a pod's name, or undefined if the name is not one that this resource gives. */
export function ordinalOf(name: string, pod: string): number | undefined {
  const suffix = pod.startsWith(`${name}-`) ? pod.slice(name.length + 1) : '';
  return /^(0|[1-9][0-9]*)$/.test(suffix) ? Number(suffix) : undefined;
}

export type ServiceRole = 'write' | 'read' | 'all' | 'members';

export const serviceRoles: readonly ServiceRole[] = ['write', 'read', 'all', 'members'];

/** Names of the Services of a resource, by their purpose. */
export const serviceNames = (name: string): Record<ServiceRole, string> => ({
  write: name,
  read: `${name}-read`,
  all: `${name}-all`,
  // Gives each member a name: POD.NAME-members.NAMESPACE.svc.
  members: `${name}-members`,
});

/** Names of the resources that a Service of this name could belong to. */
export const resourcesOfService = (service: string): string[] => [
  service,
  ...['-read', '-all', '-members'].flatMap((suffix) =>
    service.endsWith(suffix) ? [service.slice(0, -suffix.length)] : [],
  ),
];

export const sliceName = (service: string, ipv6: boolean) =>
  `${service}-${group.replaceAll('.', '-')}${ipv6 ? '-v6' : ''}`;

/** Labels by which the pods of a resource are found. */
export const selectorLabels = (name: string): Record<string, string> => ({
  [nameLabel]: name,
  [managedByLabel]: 'haservice-operator',
});
