import { type ClusterNode, podCidrOf, portOf } from './layout.ts';

/** How a node is cut: packets to it, from it, or both are lost. */
export type Direction = 'both' | 'in' | 'out';

/** Everything that is wrong with the network now. */
export interface NetworkFaults {
  cuts: Record<string, Direction>;
  /** Pairs of nodes, each in alphabetical order, joined by a space. */
  pairs: string[];
  /** Percent of the packets of a node that are lost, each way. */
  loss: Record<string, number>;
}

export const noFaults: NetworkFaults = { cuts: {}, pairs: [], loss: {} };

export const pairOf = (a: string, b: string) => [a, b].sort().join(' ');

/**
 * The faults as one nftables transaction at the bridge's ports. There, unlike on the node itself, a lost packet is lost
 * without an error to its sender, as by a broken cable: also for ARP and for kept connections.
 */
export function rulesOf(faults: NetworkFaults, nodes: readonly ClusterNode[]): string {
  const chains = nodes.flatMap((node) => {
    const cut = faults.cuts[node.name];
    const loss = faults.loss[node.name];
    const lost =
      loss === undefined ? [] : [`numgen random mod 10000 < ${Math.round(loss * 100)} drop`];
    // Dropping what the others send to each of the two cuts the pair both ways.
    const strangers = nodes
      .filter((other) => faults.pairs.includes(pairOf(node.name, other.name)))
      .map((other) => `ip saddr { ${other.ip}, ${podCidrOf(other)} } drop`);
    const to = [...(cut === 'both' || cut === 'in' ? ['drop'] : []), ...strangers, ...lost];
    const from = [...(cut === 'both' || cut === 'out' ? ['drop'] : []), ...lost];
    return [chain(node, 'to', 'egress', to), chain(node, 'from', 'ingress', from)];
  });
  return [
    'table netdev faults {}',
    'delete table netdev faults',
    'table netdev faults {',
    ...chains.filter((text) => text !== ''),
    '}',
    '',
  ].join('\n');
}

function chain(node: ClusterNode, name: string, hook: string, rules: string[]): string {
  if (rules.length === 0) return '';
  const device = `device "${portOf(node)}"`;
  const head = `type filter hook ${hook} ${device} priority -500; policy accept;`;
  return `  chain ${name}-${node.index} {\n    ${[head, ...rules].join('\n    ')}\n  }`;
}
