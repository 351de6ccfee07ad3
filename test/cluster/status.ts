import { dirname } from 'node:path';
import type { Cluster } from './cluster.ts';
import { components } from './control-plane.ts';
import type { NetworkFaults } from './faults.ts';
import { type ClusterNode, wireOf } from './layout.ts';

/** Names of the programs that should run but do not. */
export async function stoppedPrograms({ sandbox, nodes, faults }: Cluster): Promise<string[]> {
  const programs = [
    ...components,
    'volumes',
    ...nodes.flatMap((node) => [
      ...['containerd', 'kubelet', 'kube-proxy'].map((program) => `${program}-${node.name}`),
      ...(faults.delay[node.name] === undefined ? [] : [wireOf(node)]),
    ]),
  ];
  const running = await Promise.all(programs.map((name) => sandbox.daemonPid(name)));
  return programs.filter((_, i) => running[i] === undefined);
}

/** What runs, at which addresses, and all faults. */
export async function statusText(cluster: Cluster): Promise<string> {
  return describe(cluster.nodes, cluster.faults, await stoppedPrograms(cluster));
}

export function describe(
  nodes: readonly ClusterNode[],
  faults: NetworkFaults,
  stopped: readonly string[],
): string {
  const broken = [
    ...Object.entries(faults.cuts).map(([name, way]) => `${name} is cut (${way})`),
    ...faults.pairs.map((pair) => `${pair.replace(' ', ' and ')} are cut from each other`),
    ...faults.addresses.map((pair) =>
      pair.includes(' ')
        ? `${pair.replace(' ', ' and ')} are cut from each other`
        : `${pair} is cut from all others`,
    ),
    ...Object.entries(faults.loss).map(([name, percent]) => `${name} loses ${percent} %`),
    ...Object.entries(faults.delay).map(([name, ms]) => `${name} is ${ms} ms late`),
    ...stopped.map((name) => `${name} is stopped`),
  ];
  return [
    `nodes: ${nodes.map(({ name, ip }) => `${name} (${ip})`).join(', ')}`,
    `faults: ${broken.length === 0 ? 'none' : broken.join('; ')}`,
    `kubectl: eval "$(npm run -s cluster -- env)"`,
  ].join('\n');
}

/** Lines for a shell: the kubeconfig, and the cluster's own kubectl first on the PATH. */
export function shellLines(kubeconfig: string, kubectl: string): string {
  return [
    `export KUBECONFIG=${quoted(kubeconfig)}`,
    `export PATH=${quoted(dirname(kubectl))}:"$PATH"`,
  ].join('\n');
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
