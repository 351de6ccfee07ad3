import fc from 'fast-check';
import { expect, it } from 'vitest';
import { steadyTime } from './steady-time.ts';

function setUp() {
  const clocks = { now: 0, jumped: 0 };
  const origin = Date.UTC(2026, 0, 1);
  const wall = () => origin + clocks.now + clocks.jumped;
  return { clocks, wall, time: steadyTime(() => clocks.now, wall) };
}

it('is the wall-clock time', () => {
  const { clocks, wall, time } = setUp();
  for (const ms of [0, 10, 5_000]) {
    clocks.now += ms;
    expect(time()).toBe(wall());
  }
});

it('corrects a jump little by little', () => {
  const { clocks, wall, time } = setUp();
  clocks.jumped = 60_000;
  expect(wall() - time()).toBe(60_000);
  clocks.now = 300_000;
  expect(wall() - time()).toBe(30_000);
  clocks.now = 600_001;
  expect(time()).toBe(wall());
});

it('never goes back, and differs by a tenth at most, however the clock is set', () => {
  const step = fc.record({
    passed: fc.integer({ min: 0, max: 10_000 }),
    jump: fc.oneof(fc.constant(0), fc.integer({ min: -10_000_000, max: 10_000_000 })),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { clocks, time } = setUp();
      for (const { passed, jump } of steps) {
        const before = time();
        clocks.now += passed;
        clocks.jumped += jump;
        const after = time();
        expect(Math.abs(after - before - passed)).toBeLessThanOrEqual(passed * 0.1 + 1);
      }
    }),
  );
});
