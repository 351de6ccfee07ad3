import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { ClusterError, run } from './exec.ts';
import { type ClusterNode, controlPlaneIp, podCidrOf, portOf } from './layout.ts';
import { clusterId, linkName } from './paths.ts';
import type { Sandbox } from './sandbox.ts';

export interface Link {
  /** The machine's end. */
  machine: string;
  /** The cluster's end, where the API server listens. */
  cluster: string;
}

/** Two link-local addresses (RFC 3927) that no other interface of the machine uses, the same at each start if possible. */
export function chooseLink(taken: ReadonlySet<string>, id: string): Link {
  const seed = createHash('sha256').update(id).digest().readUInt32BE(0);
  // 169.254.1.0 to 169.254.254.255 may be used: 16,256 blocks of four addresses.
  const blocks = 16_256;
  for (let i = 0; i < blocks; i++) {
    const block = (seed + i) % blocks;
    const prefix = `169.254.${1 + Math.floor(block / 64)}`;
    const first = (block % 64) * 4;
    const link = { machine: `${prefix}.${first + 1}`, cluster: `${prefix}.${first + 2}` };
    if (!taken.has(link.machine) && !taken.has(link.cluster)) return link;
  }
  throw new ClusterError('no link-local address is free on this machine');
}

function takenAddresses(): Set<string> {
  const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return new Set(own.map(({ address }) => address));
}

/** The cable between the machine and the cluster, for kubectl. */
export async function connectMachine(sandbox: Sandbox): Promise<Link> {
  const link = chooseLink(takenAddresses(), clusterId);
  const netns = ['netns', String(sandbox.initPid)];
  await run(['ip', 'link', 'add', linkName, 'type', 'veth', 'peer', 'name', 'up0', ...netns]);
  await run(['ip', 'addr', 'add', `${link.machine}/30`, 'dev', linkName]);
  await run(['ip', 'link', 'set', linkName, 'up']);
  await sandbox.run([
    ...['sh', '-ec', 'ip addr add "$1/30" dev up0; ip link set up0 up', 'sh', link.cluster],
  ]);
  return link;
}

/** The bridge to which all nodes and the control plane are connected. */
export async function createBridge(sandbox: Sandbox): Promise<void> {
  // With an address of its own: otherwise it has that of one of its ports, and changes with them.
  const script = `
    ip link add nodes address 02:00:00:00:00:01 type bridge forward_delay 0
    ip addr add ${controlPlaneIp}/24 dev nodes
    ip link set nodes up
    sysctl -qw net.ipv4.ip_forward=1`;
  await sandbox.run(['sh', '-ec', script]);
}

/** A node's network namespace, its cable, and its routes to the pods of all other nodes. */
export async function connectNode(
  sandbox: Sandbox,
  node: ClusterNode,
  nodes: readonly ClusterNode[],
): Promise<void> {
  const port = portOf(node);
  await sandbox.run([
    ...['sh', '-ec'],
    `ip netns add ${node.name}
     ip link add ${port} type veth peer name eth0 netns ${node.name}
     ip link set ${port} master nodes up
     ip route add ${podCidrOf(node)} via ${node.ip}`,
  ]);
  const routes = nodes
    .filter((other) => other !== node)
    .map((other) => `ip route add ${podCidrOf(other)} via ${other.ip}`);
  // Packets to own pods that do not exist are rejected, instead of going in circles.
  const script = [
    `ip addr add ${node.ip}/24 dev eth0`,
    'ip link set lo up',
    'ip link set eth0 up',
    `ip route add default via ${controlPlaneIp}`,
    `ip route add unreachable ${podCidrOf(node)}`,
    ...routes,
    'sysctl -qw net.ipv4.ip_forward=1',
  ].join('\n');
  await sandbox.run(['sh', '-ec', script], { node: node.name });
}
