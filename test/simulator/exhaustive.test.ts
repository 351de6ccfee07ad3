import { expect, it } from 'vitest';
import { faultKinds } from './exhaustive-laws.ts';
import { describeFound, search } from './exhaustive-search.ts';
import { plants } from './plants.ts';

const bounds = { kinds: faultKinds, writes: 1, epochs: 3, late: false };

it('finds nothing in any order of events around one fault, and all is well where nothing is left to happen', () => {
  const found = search({ ...bounds, faults: 1, states: 1_000_000 });
  console.log(describeFound(found));
  expect(found.violation?.path.join('; ')).toBeUndefined();
  expect(found.isComplete).toBe(true);
  expect(found.quiet).toBeGreaterThan(10);
}, 240_000);

it.each([
  ['two faults', { faults: 2, kinds: ['crash', 'silence'] as const }],
  ['one fault and orders that come again', { faults: 1, late: true }],
])(
  'finds nothing among the first states around %s',
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
  'finds the planted fault %s',
  (plant, expected) => {
    const planted = plants[plant] ?? {};
    const { violation } = search({ ...bounds, faults: 1, states: 300_000, plants: planted });
    expect(violation?.what).toMatch(expected);
  },
  120_000,
);

it('sees that a service which nobody repairs is not as it should be', () => {
  const decide: (typeof plants)[string]['decide'] = (resource) => ({
    actions: [],
    status: resource.status,
    events: [],
  });
  const { violation } = search({ ...bounds, faults: 1, states: 10_000, plants: { decide } });
  expect(violation?.what).toMatch(/not as it should be/);
});
