import { type ClusterNode, podCidrOf, portOf, wireOf } from './layout.ts';

/** How a node is cut: packets to it, from it, or both are lost. */
export type Direction = 'both' | 'in' | 'out';

/** Everything that is wrong with the network now. */
export interface NetworkFaults {
  cuts: Record<string, Direction>;
  /** Pairs of nodes, each in alphabetical order, joined by a space. */
  pairs: string[];
  /** Pairs of pods that are cut from each other, by address, each in alphabetical order; or one address, cut from all others. */
  addresses: string[];
  /** Percent of the packets of a node that are lost, each way. */
  loss: Record<string, number>;
  /** Milliseconds that every packet of a node is held, each way. */
  delay: Record<string, number>;
}

export const noFaults: NetworkFaults = { cuts: {}, pairs: [], addresses: [], loss: {}, delay: {} };

export const pairOf = (a: string, b: string) => [a, b].sort().join(' ');

export const without = <T>(
  faults: Record<string, T>,
  names: readonly string[],
): Record<string, T> =>
  Object.fromEntries(Object.entries(faults).filter(([name]) => !names.includes(name)));

/** 0 is no fault. */
export const withAmount = (faults: Record<string, number>, name: string, amount: number) =>
  amount === 0 ? without(faults, [name]) : { ...faults, [name]: amount };

/**
 * The faults as one nftables transaction at the bridge's ports. There, unlike on the node itself, a lost packet is lost
 * without an error to its sender, as by a broken cable: also for ARP and for kept connections.
 *
 * A node with a delay is plugged into its wire, which reads the port ahead of these rules. So what comes from the node is
 * judged where it leaves the wire, and nothing else may come through the port.
 */
export function rulesOf(faults: NetworkFaults, nodes: readonly ClusterNode[]): string {
  const chains = nodes.flatMap((node) => {
    const cut = faults.cuts[node.name];
    const lost = lossRules(faults.loss[node.name] ?? 0);
    // Dropping what the others send to each of the two cuts the pair both ways.
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

/** Two pods of one node hear each other all the same: what they say does not leave it. */
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
