import { expect, test } from 'vitest';
import { type NetworkFaults, noFaults, pairOf, rulesOf, withAmount, without } from './faults.ts';
import { layOut } from './layout.ts';

const nodes = layOut(3);

/** The chains of a ruleset: name, hook and device, and what they drop. */
function chainsOf(faults: Partial<NetworkFaults>): Record<string, string> {
  const text = rulesOf({ ...noFaults, ...faults }, nodes);
  const chains = text.matchAll(
    /chain (\S+) \{\s+type filter hook (\S+) device "(\S+)" .*\n([^}]*|[^}]*\{[^}]*\}[^}]*)\n {2}\}/g,
  );
  return Object.fromEntries(
    [...chains].map(([, name = '', hook, device, rules = '']) => [
      name,
      `${hook} ${device}: ${rules.trim().replaceAll(/\s*\n\s*/g, '; ')}`,
    ]),
  );
}

test('without faults the rules remove those of earlier faults', () => {
  expect(rulesOf(noFaults, nodes).trim().split('\n')).toEqual([
    'table netdev faults {}',
    'delete table netdev faults',
    'table netdev faults {',
    '}',
  ]);
});

test('a cut drops packets to the node, from it, or both', () => {
  const to = { 'to-1': 'egress port-1: drop' };
  const from = { 'from-1': 'ingress port-1: drop' };
  expect(chainsOf({ cuts: { 'zone-a-1': 'in' } })).toEqual(to);
  expect(chainsOf({ cuts: { 'zone-a-1': 'out' } })).toEqual(from);
  expect(chainsOf({ cuts: { 'zone-a-1': 'both' } })).toEqual({ ...to, ...from });
});

test('a pair drops at each of the two the packets of the other, including its pods', () => {
  expect(chainsOf({ pairs: [pairOf('zone-c-1', 'zone-a-1')] })).toEqual({
    'to-1': 'egress port-1: ip saddr { 10.200.0.13, 10.244.3.0/24 } drop',
    'to-3': 'egress port-3: ip saddr { 10.200.0.11, 10.244.1.0/24 } drop',
  });
});

test('pods are cut off from each other, or one from all others, on any node', () => {
  const drops = (rules: string) =>
    Object.fromEntries(
      [1, 2, 3].flatMap((n) => [
        [`to-${n}`, `egress port-${n}: ${rules}`],
        [`from-${n}`, `ingress port-${n}: ${rules}`],
      ]),
    );
  expect(chainsOf({ addresses: [pairOf('10.244.2.5', '10.244.1.4')] })).toEqual(
    drops(
      'ip saddr 10.244.1.4 ip daddr 10.244.2.5 drop; ip saddr 10.244.2.5 ip daddr 10.244.1.4 drop',
    ),
  );
  expect(chainsOf({ addresses: ['10.244.2.5'] })).toEqual(
    drops('ip saddr 10.244.2.5 drop; ip daddr 10.244.2.5 drop'),
  );
});

test('loss is counted in hundredths of a percent, in each direction', () => {
  expect(chainsOf({ loss: { 'zone-b-1': 12.5 } })).toEqual({
    'to-2': 'egress port-2: numgen random mod 10000 < 1250 drop',
    'from-2': 'ingress port-2: numgen random mod 10000 < 1250 drop',
  });
  // nft accepts no larger number.
  expect(chainsOf({ loss: { 'zone-b-1': 100 } })).toEqual({
    'to-2': 'egress port-2: drop',
    'from-2': 'ingress port-2: drop',
  });
  expect(chainsOf({ loss: { 'zone-b-1': 0.001 } })).toEqual({});
});

test('a delayed node is reached only through its wire, and other faults stay in force', () => {
  expect(chainsOf({ delay: { 'zone-a-1': 50 } })).toEqual({ 'held-1': 'ingress port-1: drop' });
  expect(chainsOf({ delay: { 'zone-a-1': 50 }, cuts: { 'zone-a-1': 'both' } })).toEqual({
    'to-1': 'egress port-1: drop',
    'from-1': 'ingress wire-1: drop',
    'held-1': 'ingress port-1: drop',
  });
});

test('the order of a pair does not matter', () => {
  expect(pairOf('b', 'a')).toBe(pairOf('a', 'b'));
});

test('an amount of 0 ends a fault, and only that one', () => {
  expect(withAmount({ a: 1, b: 2 }, 'a', 3)).toEqual({ a: 3, b: 2 });
  expect(withAmount({ a: 1, b: 2 }, 'a', 0)).toEqual({ b: 2 });
  expect(without({ a: 1, b: 2, c: 3 }, ['a', 'c', 'd'])).toEqual({ b: 2 });
});
