import type { PortSpec, Spec } from '../../api/spec.ts';

export interface ResolvedPort {
  name?: string;
  port: number;
  targetPort: number;
  protocol: PortSpec['protocol'];
}

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

/** The pods' port that is probed: engine.port, or the target of the first TCP port. */
export const probePort = (spec: Spec): number | undefined =>
  spec.engine.port ?? resolvePorts(spec).ports.find((port) => port.protocol === 'TCP')?.targetPort;
