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

/** What to type when the operator runs in the cluster. */
export const operatorSteps = `The operator runs. What to type next:

  eval "$(npm run -s cluster -- env)"           # points kubectl at the cluster
  kubectl apply -f examples/quickstart.yaml
  kubectl get haservices -w
  kubectl logs -n haservice-system deployment/haservice-operator -f
  npm run cluster -- kill default/web-0         # a fault; --help shows more
  npm run cluster -- up --operator              # after a change in src: builds it and rolls it out
  npm run cluster -- down                       # removes everything`;

const goesOn = 'the same command goes on from here, `npm run cluster -- down` removes it';

/** What to do if the cluster has started and its operator has not. */
export const afterStop = `The cluster is left running: ${goesOn}.`;
export const afterFailure = `Correct this and try again. The cluster is left running: ${goesOn}, and \`npm run cluster -- status\` shows whether something in it is broken.`;

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
