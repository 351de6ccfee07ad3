import type { PodContract } from '../../api/pod-contract.ts';
import type { Spec } from '../../api/spec.ts';
import type { Member } from './observed.ts';

export type ResolvedPort = PodContract['ports'][number];

interface ContainerPort {
  name?: unknown;
  containerPort?: unknown;
}

function namedPort(spec: Spec, name: string): number | undefined {
  for (const container of spec.template.spec.containers) {
    const ports = Array.isArray(container['ports']) ? (container['ports'] as ContainerPort[]) : [];
    const found = ports.find((port) => port.name === name)?.containerPort;
    if (typeof found === 'number') return found;
  }
  return undefined;
}

/** The ports of the Services by number. A name that no container port has is returned in `missing` instead. */
export function resolvePorts(spec: Spec): { ports: ResolvedPort[]; missing: string[] } {
  const missing: string[] = [];
  const ports = spec.ports.flatMap((entry): ResolvedPort[] => {
    const target = entry.targetPort ?? entry.port;
    const targetPort = typeof target === 'number' ? target : namedPort(spec, target);
    if (targetPort === undefined) {
      missing.push(String(target));
      return [];
    }
    const { port, protocol, name } = entry;
    return [{ port, targetPort, protocol, ...(name === undefined ? {} : { name }) }];
  });
  return { ports, missing };
}

/** The port of a new pod that is probed: engine.port, or the target of the first TCP port. */
export const probePort = (spec: Spec): number | undefined =>
  spec.engine.port ?? resolvePorts(spec).ports.find((port) => port.protocol === 'TCP')?.targetPort;

/** The contract of a pod that is created now. */
export function contractOf(spec: Spec): PodContract {
  const port = probePort(spec);
  return { ...(port === undefined ? {} : { probePort: port }), ports: resolvePorts(spec).ports };
}

type Contracted = Pick<Member, 'contract'>;

/** The port of this member that is probed. */
export const memberProbePort = (spec: Spec, { contract }: Contracted): number | undefined =>
  contract === undefined ? probePort(spec) : contract.probePort;

/**
 * The ports of the Services, with the numbers on which this member serves them. A port that the spec has got since then leads where the
 * spec says, as the member may serve it already.
 */
export function memberPorts(spec: Spec, { contract }: Contracted): ResolvedPort[] {
  const { ports } = resolvePorts(spec);
  if (contract === undefined) return ports;
  return ports.map((entry) => {
    const same = contract.ports.filter(({ protocol }) => protocol === entry.protocol);
    const made =
      same.find(({ name }) => name !== undefined && name === entry.name) ??
      same.find(({ port }) => port === entry.port);
    const isProbed = entry.targetPort === probePort(spec);
    const probed = isProbed ? contract.probePort : undefined;
    return { ...entry, targetPort: made?.targetPort ?? probed ?? entry.targetPort };
  });
}

/** The member is probed, or serves a port of the Services, elsewhere than a new pod would. */
export const hasOtherPorts = (spec: Spec, member: Contracted): boolean =>
  memberProbePort(spec, member) !== probePort(spec) ||
  portsKey(memberPorts(spec, member)) !== portsKey(resolvePorts(spec).ports);

/** Equal for members that can be in one slice: a slice has one list of ports for all its endpoints. */
export const portsKey = (ports: ResolvedPort[]): string =>
  ports.map(({ targetPort }) => targetPort).join();
