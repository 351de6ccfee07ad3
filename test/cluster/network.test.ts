import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseLink } from './network.ts';

const none: ReadonlySet<string> = new Set();

test('a checkout gets the same two addresses at each start', () => {
  expect(chooseLink(none, 'a1b2c3')).toEqual(chooseLink(none, 'a1b2c3'));
  expect(chooseLink(none, 'a1b2c3')).not.toEqual(chooseLink(none, 'c3b2a1'));
});

test('both are in one block of four, in the free range of RFC 3927', () => {
  fc.assert(
    fc.property(fc.integer(), (number) => {
      const [machine, cluster] = Object.values(chooseLink(none, `checkout ${number}`)).map(
        (ip: string) => ip.split('.').map(Number),
      );
      expect(machine?.slice(0, 2)).toEqual([169, 254]);
      expect(cluster?.slice(0, 3)).toEqual(machine?.slice(0, 3));
      expect(machine![2]).toBeGreaterThanOrEqual(1);
      expect(machine![2]).toBeLessThanOrEqual(254);
      expect([machine![3]! % 4, cluster![3]! % 4]).toEqual([1, 2]);
      expect(cluster![3]).toBeLessThan(255);
    }),
    // The ends of the range are rare.
    { numRuns: 3_000 },
  );
});

test('an address that the machine uses is skipped, at either end of a block', () => {
  const first = chooseLink(none, 'id');
  for (const taken of [first.machine, first.cluster]) {
    const next = chooseLink(new Set([taken]), 'id');
    expect(next).not.toEqual(first);
    expect(next).toEqual(chooseLink(new Set([taken]), 'id'));
  }
});

test('a machine without a free address is an error', () => {
  const all = { has: () => true } as unknown as ReadonlySet<string>;
  expect(() => chooseLink(all, 'id')).toThrow('no link-local address is free on this machine');
});
