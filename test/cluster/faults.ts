import { type ClusterNode, podCidrOf, portOf, wireOf } from './layout.ts';

/** Direction of a cut: packets to the node, from it, or both are dropped. */
export type Direction = 'both' | 'in' | 'out';

/** All present network faults. */
export interface NetworkFaults {
  cuts: Record<string, Direction>;
  /** Pairs of nodes, each in alphabetical order, joined by a space. */
  pairs: string[];
  /** Pairs of pods that are cut off from each other, by address, each in alphabetical order; or one address, cut off from all others. */
  addresses: string[];
  /** Percentage of a node's packets that are dropped, in each direction. */
  loss: Record<string, number>;
  /** Milliseconds by which every packet of a node is delayed, in each direction. */
  delay: Record<string, number>;
}

export const noFaults: NetworkFaults = { cuts: {}, pairs: [], addresses: [], loss: {}, delay: {} };

export const pairOf = (a: string, b: string) => [a, b].sort().join(' ');

export const without = <T>(
  faults: Record<string, T>,
  names: readonly string[],
): Record<string, T> =>
  Object.fromEntries(Object.entries(faults).filter(([name]) => !names.includes(name)));

/** 0 removes the fault. */
export const withAmount = (faults: Record<string, number>, name: string, amount: number) =>
  amount === 0 ? without(faults, [name]) : { ...faults, [name]: amount };

/**
 * The faults as one nftables transaction at the ports of the bridge. There, unlike on the node itself, a packet is dropped without
 * an error for its sender, as by a broken cable: also for ARP and for open connections.
 *
 * A node with a delay is connected to its wire (wires.ts), which reads the port before these rules. So packets of the node are
 * filtered where they leave the wire, and nothing else may come through the port.
 */
export function rulesOf(faults: NetworkFaults, nodes: readonly ClusterNode[]): string {
  const chains = nodes.flatMap((node) => {
    const cut = faults.cuts[node.name];
    const lost = lossRules(faults.loss[node.name] ?? 0);
    // Dropping the packets of the other at each of the two cuts the pair in both directions.
    const strangers = nodes
      .filter((other) => faults.pairs.includes(pairOf(node.name, other.name)))
      .map((other) => `ip saddr { ${other.ip}, ${podCidrOf(other)} } drop`);
    const pods = faults.addresses.flatMap(addressRules);
    const to = [
      ...(cut === 'both' || cut === 'in' ? ['drop'] : []),
      ...strangers,
      ...pods,
      ...lost,
    ];
    const from = [...(cut === 'both' || cut === 'out' ? ['drop'] : []), ...pods, ...lost];
    const held = faults.delay[node.name] !== undefined;
    return [
      chain(`to-${node.index}`, 'egress', portOf(node), to),
      chain(`from-${node.index}`, 'ingress', held ? wireOf(node) : portOf(node), from),
      chain(`held-${node.index}`, 'ingress', portOf(node), held ? ['drop'] : []),
    ];
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

/** Two pods of one node can still reach each other: their packets do not leave it. */
function addressRules(addresses: string): string[] {
  const [a = '', b] = addresses.split(' ');
  if (b === undefined) return [`ip saddr ${a} drop`, `ip daddr ${a} drop`];
  return [`ip saddr ${a} ip daddr ${b} drop`, `ip saddr ${b} ip daddr ${a} drop`];
}

function lossRules(percent: number): string[] {
  const of = 10_000;
  const chance = Math.round((percent / 100) * of);
  if (chance === 0) return [];
  return [chance === of ? 'drop' : `numgen random mod ${of} < ${chance} drop`];
}

function chain(name: string, hook: string, device: string, rules: string[]): string {
  if (rules.length === 0) return '';
  const head = `type filter hook ${hook} device "${device}" priority -500; policy accept;`;
  return `  chain ${name} {\n    ${[head, ...rules].join('\n    ')}\n  }`;
}
