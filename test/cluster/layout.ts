/** Addresses and names inside the cluster. Every cluster has the same, in network namespaces of its own. */

export interface ClusterNode {
  name: string;
  zone: string;
  ip: string;
  /** 1, 2, 3...: the third octet of its pods' addresses. */
  index: number;
}

const zones = ['zone-a', 'zone-b', 'zone-c'];

/** Address of the control plane in the nodes' network. */
export const controlPlaneIp = '10.200.0.1';
export const apiPort = 6443;
export const serviceCidr = '10.96.0.0/16';
export const apiServiceIp = '10.96.0.1';
export const dnsIp = '10.96.0.10';
export const podCidr = '10.244.0.0/16';
export const podCidrOf = (node: ClusterNode) => `10.244.${node.index}.0/24`;
/** The node's end of its cable is eth0; this is the other end, at the control plane's bridge. */
export const portOf = (node: ClusterNode) => `port-${node.index}`;
/** The slow cable that replaces the port at the bridge while the node has a delay: its interface and its program. */
export const wireOf = (node: ClusterNode) => `wire-${node.index}`;

/** The nodes, distributed over the zones in turn. */
export function layOut(count: number): ClusterNode[] {
  return Array.from({ length: count }, (_, i) => {
    const zone = zones[i % zones.length] ?? '';
    return {
      name: `${zone}-${Math.floor(i / zones.length) + 1}`,
      zone,
      ip: `10.200.0.${11 + i}`,
      index: i + 1,
    };
  });
}
