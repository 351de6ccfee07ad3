import type { HAService } from '../../src/api/haservice.ts';
import type { FailoverRecord } from '../../src/api/status.ts';
import { roleLabel } from '../../src/api/labels.ts';
import type { Node, Pod } from '../../src/kube/api-types.ts';
import type { SampleLog } from '../framework/sample-log.ts';
import { isReady, phasesOf, shortName, zoneOf } from '../framework/state.ts';
import { type NodeView, type SystemView, stripWidth } from './picture.ts';
import { stripOf } from './strip.ts';

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

/** Milliseconds that one cell of the live strips stands for. */
export const cellMs = 250;

/** The latest requests of a client, as many as fit in a terminal of so many columns. */
export function recentStrip(
  label: string,
  log: SampleLog,
  now: number,
  columns: number,
): SystemView {
  const count = stripWidth(columns);
  const from = (Math.floor(now / cellMs) - count + 1) * cellMs;
  const cells = stripOf(log.since(from), from, cellMs, count);
  return { label, cells, ok: log.ok, failed: log.failed };
}
