import { expect, it } from 'vitest';
import { faultKinds } from './exhaustive-laws.ts';
import { describeFound, search } from './exhaustive-search.ts';
import { plants } from './plants.ts';
import type { Mutant } from './mutant.ts';

const bounds = { kinds: faultKinds, writes: 1, epochs: 3, late: false };

it('finds no violation in any order of events with one fault, and the service is whole in each final state', () => {
  const found = search({ ...bounds, faults: 1, states: 1_000_000 });
  console.log(describeFound(found));
  expect(found.violation?.path.join('; ')).toBeUndefined();
  expect(found.isComplete).toBe(true);
  expect(found.quiet).toBeGreaterThan(10);
}, 240_000);

it.each(['Strong', 'Eventual'] as const)(
  'finds no violation in any order of events if the spec is edited twice, from %s',
  (from) => {
    const found = search({ ...bounds, faults: 0, edits: 2, from, states: 150_000 });
    console.log(describeFound(found));
    expect(found.violation?.path.join('; ')).toBeUndefined();
    expect(found.isComplete).toBe(true);
    expect(found.quiet).toBeGreaterThan(10);
  },
  120_000,
);

it.each([
  ['two faults', { faults: 2, kinds: ['crash', 'silence'] as const }],
  ['one fault and repeated orders', { faults: 1, late: true }],
  ['one fault and an edit to Eventual', { faults: 1, edits: 1 }],
  ['one fault and an edit to Strong', { faults: 1, edits: 1, from: 'Eventual' as const }],
])(
  'finds no violation in the first states with %s',
  (_name, more) => {
    const found = search({ ...bounds, ...more, states: 150_000 });
    console.log(describeFound(found));
    expect(found.violation?.path.join('; ')).toBeUndefined();
  },
  120_000,
);

it.each([
  ['no-quorum', /lost|leads without/],
  ['no-fence', /lost|leads without/],
  ['fewer-acks', /lost|leads without/],
  ['promotes-early', /had landed|epoch of another/],
])(
  'detects the plant %s',
  (name, expected) => {
    const mutant = plants[name]?.mutant ?? {};
    const { violation } = search({ ...bounds, faults: 1, states: 300_000, mutant });
    expect(violation?.what).toMatch(expected);
  },
  120_000,
);

it.each(Object.entries(plants).filter(([, { inSearch }]) => inSearch !== undefined))(
  'detects the plant %s, of a spec that is edited',
  (_name, { mutant, inSearch }) => {
    const options = { ...bounds, faults: 0, edits: inSearch?.edits ?? 0, states: 150_000 };
    expect(search({ ...options, mutant }).violation?.what).toMatch(inSearch?.by ?? '');
  },
  120_000,
);

it('detects that a leader in Strong acknowledges too early after an edit of the spec', () => {
  const mutant = plants['fewer-acks']?.mutant ?? {};
  const options = { ...bounds, faults: 1, edits: 1, from: 'Eventual', states: 300_000 } as const;
  expect(search({ ...options, mutant }).violation?.what).toMatch(/lost|leads without/);
});

it('reports a service that nothing repairs', () => {
  const decide: Mutant['decide'] = (resource) => ({
    actions: [],
    promoted: false,
    status: resource.status,
    events: [],
  });
  const { violation } = search({ ...bounds, faults: 1, states: 10_000, mutant: { decide } });
  expect(violation?.what).toMatch(/not as it should be/);
});
