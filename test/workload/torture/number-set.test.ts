import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NumberSet } from './number-set.ts';

const numbers = fc.array(fc.nat(60), { maxLength: 60 });
const ascending = (all: Iterable<number>) => [...new Set(all)].sort((a, b) => a - b);

describe('a set of numbers', () => {
  it('contains the added numbers, in order, and can be written and read', () => {
    fc.assert(
      fc.property(numbers, (added) => {
        const set = NumberSet.of(added);
        expect([...set]).toEqual(ascending(added));
        expect(set.size).toBe(new Set(added).size);
        expect([...NumberSet.parse(set.toString())]).toEqual(ascending(added));
        for (let i = 0; i <= 61; i++) expect(set.has(i), `${i}`).toBe(added.includes(i));
      }),
    );
  });

  it('can be merged with another one, and compared with it', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const all = NumberSet.of(a);
        all.addAll(NumberSet.of(b));
        expect([...all]).toEqual(ascending([...a, ...b]));
        const rest = NumberSet.of(a).minus(NumberSet.of(b));
        expect([...rest]).toEqual(ascending(a.filter((number) => !b.includes(number))));
      }),
    );
  });

  it('can be read from bits, of which the highest of the first byte is 0', () => {
    expect(NumberSet.ofBits(Uint8Array.of(0b1000_0001, 0, 0xff, 0b0100_0000)).toString()).toBe(
      '0,7,16-23,25',
    );
  });

  it('joins adjacent numbers', () => {
    expect(NumberSet.parse('1,2-3,5').toString()).toBe('1-3,5');
    expect(() => NumberSet.parse('1-x')).toThrow('no set of numbers: 1-x');
  });
});
