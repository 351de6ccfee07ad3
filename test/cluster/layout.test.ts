import { expect, test } from 'vitest';
import { layOut, podCidrOf } from './layout.ts';

test('three nodes: one in each zone', () => {
  expect(layOut(3)).toEqual([
    { name: 'zone-a-1', zone: 'zone-a', ip: '10.200.0.11', index: 1 },
    { name: 'zone-b-1', zone: 'zone-b', ip: '10.200.0.12', index: 2 },
    { name: 'zone-c-1', zone: 'zone-c', ip: '10.200.0.13', index: 3 },
  ]);
});

test('six nodes: two in each zone', () => {
  expect(layOut(6).map(({ name }) => name)).toEqual([
    ...['zone-a-1', 'zone-b-1', 'zone-c-1'],
    ...['zone-a-2', 'zone-b-2', 'zone-c-2'],
  ]);
});

test('no two nodes share a name, an address or a pod network', () => {
  const nodes = layOut(9);
  const all = nodes.flatMap((node) => [node.name, node.ip, podCidrOf(node)]);
  expect(new Set(all).size).toBe(27);
});
