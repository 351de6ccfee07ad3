import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type FaultName, faultNames, isOrdinary, machineFaults } from './fault-names.ts';
import { planRun } from './plan.ts';
import { randomOf } from '../../../src/lib/random.ts';

const plans = Array.from({ length: 40_000 }, (_, seed) => planRun(seed, faultNames));

it('the same seed gives the same run, and other seeds give others', () => {
  expect(planRun(7, faultNames)).toEqual(plans[7]);
  expect(new Set(plans.map((plan) => JSON.stringify(plan))).size).toBeGreaterThan(38_000);
});

it('every fault comes alone, and with every other, in either order', () => {
  const seen = new Set(plans.map((plan) => plan.map(({ fault }) => fault).join()));
  for (const name of faultNames) {
    expect(seen).toContain(name);
    for (const other of faultNames) {
      if (other === name) continue;
      expect(
        seen.has(`${name},${other}`) || seen.has(`${other},${name}`),
        `${name}, ${other}`,
      ).toBe(true);
    }
  }
});

it('half of the pairs and more have a fault of a machine and one of an ordinary day', () => {
  const pairs = plans.filter(({ length }) => length === 2);
  const mixed = pairs.filter(([a, b]) => isOrdinary(a!.fault) !== isOrdinary(b!.fault));
  expect(mixed.length).toBeGreaterThan(pairs.length / 2);
  expect(mixed.length).toBeLessThan(pairs.length);
});

it('the seeds of runs with faults of machines alone keep their meaning', () => {
  const known = {
    52_285: ['zone', 'kill-operator'],
    52_291: ['api-down', 'clock'],
    52_292: ['cut'],
  };
  for (const [seed, names] of Object.entries(known)) {
    expect(planRun(Number(seed), machineFaults).map(({ fault }) => fault)).toEqual(names);
  }
});

it('only allowed faults come, at most two different ones, and a frozen primary stays frozen for long enough', () => {
  fc.assert(
    fc.property(fc.integer(), fc.subarray(faultNames, { minLength: 1 }), (seed, allowed) => {
      const plan = planRun(seed, allowed);
      const names = plan.map(({ fault }) => fault);
      expect(plan.length).toBeGreaterThan(0);
      expect(plan.length).toBeLessThanOrEqual(2);
      expect(new Set(names).size).toBe(names.length);
      expect(allowed).toEqual(expect.arrayContaining<FaultName>(names));
      expect(plan[0]?.atMs).toBe(0);
      for (const { fault, holdMs } of plan) {
        if (fault === 'freeze') expect(holdMs).toBeGreaterThanOrEqual(2_000);
      }
    }),
  );
  expect(planRun(1, [])).toEqual([]);
});

it('random numbers are evenly distributed', () => {
  const random = randomOf(1);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) counts[Math.floor(random() * 10)]! += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
