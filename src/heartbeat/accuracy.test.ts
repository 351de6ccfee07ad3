import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { randomOf } from '../lib/random.ts';
import { accrual, defaults, fast, watch } from './testing/watched.ts';

const spans = fc.array(
  fc.record({
    runMs: fc.integer({ min: 0, max: 3_000 }),
    stallMs: fc.integer({ min: 0, max: 30_000 }),
  }),
  { minLength: 1, maxLength: 20 },
);

describe('a living member', () => {
  it.each([
    ['the default setting', defaults],
    ['the fast setting', fast],
    ['phi accrual', accrual],
  ])('is never found dead because the operator stalls: %s', (_name, config) => {
    fc.assert(
      fc.property(spans, (spans) => {
        const clock = new FakeClock();
        const watched = watch({ clock, loss: 0, chance: () => 0.5, alive: true }, config);
        for (const { runMs, stallMs } of spans) {
          clock.advance(runMs);
          clock.stall(stallMs);
        }
        clock.advance(1_000);
        expect(watched.deadAt).toBeUndefined();
        expect(watched.state.verdict).toBe('Healthy');
      }),
    );
  });

  // Chance can lose any number of packets in a row, so the seed is fixed: the run is the same each time.
  it.each([
    ['the default setting', defaults],
    ['phi accrual', accrual],
  ])(
    'is not found dead if 5 %% of all packets are lost and the operator stalls: %s',
    (_n, config) => {
      fc.assert(
        fc.property(fc.integer(), spans, (seed, spans) => {
          const clock = new FakeClock();
          const watched = watch({ clock, loss: 0.05, chance: randomOf(seed), alive: true }, config);
          for (const { runMs, stallMs } of spans) {
            clock.advance(30_000 + runMs);
            clock.stall(stallMs);
          }
          expect(watched.deadAt).toBeUndefined();
          expect(watched.answers).toBeGreaterThan(50 * spans.length);
        }),
        { seed: 3, numRuns: 100 },
      );
    },
  );
});

describe('a member that falls silent', () => {
  it.each([
    ['the default setting', defaults],
    ['the fast setting', fast],
    ['phi accrual', accrual],
  ])('is found dead within the timeout plus the stalls of the operator: %s', (_name, config) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000, max: 60_000 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }))),
        (silentAt, stalls) => {
          const clock = new FakeClock();
          const network = { clock, loss: 0, chance: () => 0.5, alive: true };
          const watched = watch(network, config);
          clock.advance(silentAt);
          network.alive = false;
          let stalledMs = 0;
          for (const [runMs, stallMs] of stalls) {
            clock.advance(runMs);
            if (watched.deadAt !== undefined) break;
            clock.stall(stallMs);
            stalledMs += stallMs;
          }
          clock.advance(config.timeoutMs + 10);
          expect(watched.deadAt).toBeGreaterThan(silentAt);
          expect(watched.deadAt).toBeLessThanOrEqual(silentAt + config.timeoutMs + stalledMs + 10);
        },
      ),
    );
  });
});
