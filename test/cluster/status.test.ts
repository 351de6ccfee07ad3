import { expect, test } from 'vitest';
import { noFaults } from './faults.ts';
import { layOut } from './layout.ts';
import { describe, shellLines } from './status.ts';

test('without faults', () => {
  expect(describe(layOut(3), noFaults, []).split('\n')).toEqual([
    'nodes: zone-a-1 (10.200.0.11), zone-b-1 (10.200.0.12), zone-c-1 (10.200.0.13)',
    'faults: none',
    'kubectl: eval "$(npm run -s cluster -- env)"',
  ]);
});

test('every kind of fault is named', () => {
  const faults = {
    cuts: { 'zone-a-1': 'in' as const },
    pairs: ['zone-a-1 zone-b-1'],
    addresses: ['10.244.1.4 10.244.2.5', '10.244.3.6'],
    loss: { 'zone-b-1': 12.5 },
    delay: { 'zone-c-1': 100 },
  };
  expect(describe(layOut(3), faults, ['etcd']).split('\n')[1]).toBe(
    'faults: zone-a-1 is cut (in); zone-a-1 and zone-b-1 are cut from each other; 10.244.1.4 and 10.244.2.5 are cut from each other; 10.244.3.6 is cut from all others; ' +
      'zone-b-1 loses 12.5 %; zone-c-1 is 100 ms late; etcd is stopped',
  );
});

test('the lines for a shell work with any path', () => {
  expect(shellLines("/it's here/admin", '/my cache/kubectl').split('\n')).toEqual([
    `export KUBECONFIG='/it'\\''s here/admin'`,
    `export PATH='/my cache':"$PATH"`,
  ]);
});
