import type { HAService } from '../../src/api/haservice.ts';
import type { FailoverRecord } from '../../src/api/status.ts';
import { roleLabel } from '../../src/api/labels.ts';
import type { Node, Pod } from '../../src/kube/api-types.ts';
import { isReady, phasesOf, shortName, zoneOf } from '../framework/state.ts';
import type { NodeView, Picture } from './picture.ts';

export interface Observed {
  service: HAService | undefined;
  nodes: readonly Node[];
  members: readonly Pod[];
  plain: readonly Pod[];
  cutNode: string | undefined;
}

const nameOf = (object: Node | Pod) => object.metadata?.name ?? '';

/** Nodes by zone, each with its members as the operator sees them, and its plain pods as Kubernetes does. */
export function nodeViews({ service, nodes, members, plain, cutNode }: Observed): NodeView[] {
  const on = (pods: readonly Pod[], node: string) =>
    pods
      .filter((pod) => pod.spec?.nodeName === node)
      .toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
  return nodes
    .map((node) => ({ zone: zoneOf(node), name: nameOf(node) }))
    .toSorted((a, b) => a.zone.localeCompare(b.zone) || a.name.localeCompare(b.name))
    .map(({ zone, name }) => ({
      zone,
      name,
      isCut: name === cutNode,
      members: on(members, name).map((pod) => memberView(pod, service)),
      plain: on(plain, name).map((pod) => ({ pod: shortName(nameOf(pod)), isReady: isReady(pod) })),
    }));
}

function memberView(pod: Pod, service: HAService | undefined) {
  const { members = [], primary } = service?.status ?? {};
  const name = nameOf(pod);
  const known = members.find(({ uid }) => uid === pod.metadata?.uid);
  return {
    pod: name,
    role: primary === name ? 'primary' : (pod.metadata?.labels?.[roleLabel] ?? ''),
    health: known?.health ?? 'starting',
  };
}

export function serviceView(
  name: string,
  service: HAService | undefined,
): Pick<Picture, 'service' | 'lastFailover'> {
  const { phase, epoch, primary, ready, failovers = [] } = service?.status ?? {};
  return {
    service: {
      name,
      phase: phase ?? 'Pending',
      epoch: epoch ?? 0,
      primary: primary ?? 'none',
      ready: ready ?? '0/0',
    },
    lastFailover: describeFailover(failovers[0]),
  };
}

/**
 * A failover in a line of at most 70 characters or so: from where to where, why, and the milliseconds of the operator's
 * phases.
 */
export function describeFailover(record: FailoverRecord | undefined): string {
  if (record === undefined) return 'no failover yet';
  const phases = phasesOf(record)
    .filter(([phase]) => phase !== 'firstSuccess')
    .map(([phase, ms]) => `${phase} ${Math.round(ms)}`);
  const times = phases.length === 0 ? '' : `: ${phases.join(', ')} ms`;
  return `${record.from ?? ''}->${record.to} (${record.trigger})${times}`;
}
