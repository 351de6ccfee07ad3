import type { HAService } from '../../src/api/haservice.ts';
import type { FailoverRecord } from '../../src/api/status.ts';
import type { Node, Pod } from '../../src/kube/api-types.ts';

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

export const zoneOf = (node: Node): string =>
  node.metadata?.labels?.['topology.kubernetes.io/zone'] ?? '';

/** States of members in their role. A standby without replication is Detached. */
const inRole = new Set(['Leading', 'Following', 'Detached']);

/** There is a primary, every member is healthy, and no failover runs: the next fault can come. */
export function isSettled({ spec, status }: HAService): boolean {
  const { replicas = 3 } = spec as { replicas?: number };
  const members = status?.members ?? [];
  return (
    status?.primary !== undefined &&
    members.length === replicas &&
    members.every(
      ({ health, state }) => health === 'Healthy' && (state === undefined || inRole.has(state)),
    ) &&
    status.fencing === undefined &&
    members.some(({ pod, role }) => role === 'primary' && pod === status.primary) &&
    status.failovers?.[0]?.outcome !== 'Promoting'
  );
}

/** Name of a Deployment's pod without the hash of its template. */
export const shortName = (name: string) => name.replace(/-[a-z0-9]+(-[a-z0-9]+)$/, '$1');

export const phases = ['detect', 'fence', 'elect', 'promote', 'repoint', 'firstSuccess'] as const;
export type Phase = (typeof phases)[number];

/** Milliseconds of the phases of a failover that were measured, in their order. */
export const phasesOf = (record: FailoverRecord): [Phase, number][] =>
  phases.flatMap((phase): [Phase, number][] => {
    const ms = record[`${phase}Ms`];
    return ms === undefined ? [] : [[phase, ms]];
  });
