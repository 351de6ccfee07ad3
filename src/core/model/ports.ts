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

type Entry = Spec['ports'][number];

/** The number on which a new pod serves a port; undefined: no container port has that name. */
function wantedTarget(spec: Spec, { port, targetPort = port }: Entry): number | undefined {
  return typeof targetPort === 'number' ? targetPort : namedPort(spec, targetPort);
}

/** The entry with the number on which a pod serves it; nothing if that is not known. */
const resolved = (
  { port, protocol, name }: Entry,
  targetPort: number | undefined,
): ResolvedPort[] =>
  targetPort === undefined
    ? []
    : [{ port, targetPort, protocol, ...(name === undefined ? {} : { name }) }];

/** The ports of the Services by number. A name that no container port has is returned in `missing` instead. */
export function resolvePorts(spec: Spec): { ports: ResolvedPort[]; missing: string[] } {
  const missing = spec.ports.filter((entry) => wantedTarget(spec, entry) === undefined);
  return {
    ports: spec.ports.flatMap((entry) => resolved(entry, wantedTarget(spec, entry))),
    missing: missing.map(({ targetPort }) => String(targetPort)),
  };
}

/** The ports of a Service. The slices decide where a port leads, so that a port with a misspelled target stays. */
export const servicePorts = (spec: Spec): ResolvedPort[] =>
  spec.ports.flatMap((entry) => resolved(entry, wantedTarget(spec, entry) ?? entry.port));

/** The port of a new pod that is probed: engine.port, or the target of the first TCP port. */
export const probePort = (spec: Spec): number | undefined =>
  spec.engine.port ?? resolvePorts(spec).ports.find((port) => port.protocol === 'TCP')?.targetPort;

/** The ports in the contract of a pod that is created now. */
export function portsOf(spec: Spec): Pick<PodContract, 'probePort' | 'ports'> {
  const port = probePort(spec);
  return { ...(port === undefined ? {} : { probePort: port }), ports: resolvePorts(spec).ports };
}

type Contracted = Pick<Member, 'contract'>;

/**
 * The port of this member that is probed. A contract without one was written while targetPort was misspelled, or somebody has changed
 * it: then the member is probed where the spec says, as a member that is not asked at all would never be well, or dead.
 */
export const memberProbePort = (spec: Spec, { contract }: Contracted): number | undefined =>
  contract?.probePort ?? probePort(spec);

/** It is probed where the spec says until it is replaced, as its contract does not say where. */
export const lacksProbePort = (spec: Spec, { contract }: Contracted): boolean =>
  contract !== undefined && contract.probePort === undefined && probePort(spec) !== undefined;

/**
 * The ports of the Services, with the numbers on which this member serves them. A port that the spec has got since then leads where the
 * spec says, as the member may serve it already. A port whose name is misspelled in the spec leads where it has led.
 */
export const memberPorts = (spec: Spec, { contract }: Contracted): ResolvedPort[] =>
  spec.ports.flatMap((entry) => {
    const wanted = wantedTarget(spec, entry);
    const made = contract === undefined ? undefined : madeTarget(spec, contract, entry, wanted);
    return resolved(entry, made ?? wanted);
  });

/** The number on which a pod with this contract serves an entry of the spec: the same entry is found by its name, then by its port. */
function madeTarget(
  spec: Spec,
  { ports, probePort: probed }: PodContract,
  { name, port, protocol }: Entry,
  wanted: number | undefined,
): number | undefined {
  const same = ports.filter((each) => each.protocol === protocol);
  const made =
    same.find((each) => each.port === port && each.targetPort === wanted) ??
    same.find((each) => each.name !== undefined && each.name === name) ??
    same.find((each) => each.port === port);
  // A pod of an earlier version: only the port of its program is known.
  const isOnlyPort = ports.length === 0 && spec.ports.length === 1 && protocol === 'TCP';
  return made?.targetPort ?? (isOnlyPort && spec.engine.port === undefined ? probed : undefined);
}

/** The member is probed, or serves a port of the Services, elsewhere than a new pod would. Not known while a name of a port is misspelled. */
export function hasOtherPorts(spec: Spec, member: Contracted): boolean {
  const { ports, missing } = resolvePorts(spec);
  if (missing.length > 0) return false;
  return (
    lacksProbePort(spec, member) ||
    memberProbePort(spec, member) !== probePort(spec) ||
    portsKey(memberPorts(spec, member)) !== portsKey(ports)
  );
}

/** Equal for members that can be in one slice: a slice has one list of ports for all its endpoints. */
export const portsKey = (ports: ResolvedPort[]): string =>
  ports.map(({ targetPort }) => targetPort).join();
