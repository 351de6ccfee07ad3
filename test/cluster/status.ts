import { dirname } from 'node:path';
import type { Cluster } from './cluster.ts';
import { components } from './control-plane.ts';

/** What runs, where, and what is broken on purpose. */
export async function statusText(cluster: Cluster): Promise<string> {
  const { sandbox, nodes, faults } = cluster;
  const programs = [
    ...components,
    ...nodes.flatMap(({ name }) =>
      ['containerd', 'kubelet', 'kube-proxy'].map((program) => `${program}-${name}`),
    ),
  ];
  const running = await Promise.all(programs.map((name) => sandbox.daemonPid(name)));
  const stopped = programs.filter((_, i) => running[i] === undefined);
  const broken = [
    ...Object.entries(faults.cuts).map(([name, way]) => `${name} is cut (${way})`),
    ...faults.pairs.map((pair) => `${pair.replace(' ', ' and ')} are cut from each other`),
    ...Object.entries(faults.loss).map(([name, percent]) => `${name} loses ${percent} %`),
    ...stopped.map((name) => `${name} is stopped`),
  ];
  return [
    `nodes: ${nodes.map(({ name, ip }) => `${name} (${ip})`).join(', ')}`,
    `faults: ${broken.length === 0 ? 'none' : broken.join('; ')}`,
    `kubectl: eval "$(npm run -s cluster -- env)"`,
  ].join('\n');
}

/** Lines for a shell: the kubeconfig, and the cluster's own kubectl first on the PATH. */
export function shellEnvironment(cluster: Cluster): string {
  const [kubectl = ''] = cluster.kubectl;
  return [
    `export KUBECONFIG='${cluster.kubeconfig}'`,
    `export PATH='${dirname(kubectl)}':"$PATH"`,
  ].join('\n');
}
