import fc from 'fast-check';
import { expect, it } from 'vitest';
import { initial, judge, onAnswer } from './detector.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { randomOf } from '../lib/random.ts';
import { accrual, defaults, fast, watch } from './testing/watched.ts';

/**
 * How good the detector is, in the terms of Chen, Toueg and Aguilera, "On the quality of service of failure detectors", IEEE
 * Transactions on Computers 51 (2002): how long until a death is found (detection time), and how often a living member is
 * found dead (mistake rate).
 */

const loss = 0.05;

it.each([
  ['the default setting', defaults],
  ['the fast setting', fast],
  ['phi accrual', accrual],
])(
  'detection time: at most the timeout since the last answer, whatever packets were lost before: %s',
  (_name, config) => {
    // Silence counts from the last answer, which may still have been on its way when the member died; losses can only
    // bring the last answer forward.
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 5_000, max: 30_000 }), (seed, silentAt) => {
        const clock = new FakeClock();
        const network = { clock, loss, chance: randomOf(seed), alive: true };
        const watched = watch(network, config);
        clock.advance(silentAt);
        fc.pre(watched.state.verdict === 'Healthy' || watched.state.verdict === 'Suspect');
        network.alive = false;
        clock.advance(config.timeoutMs + 20);
        expect(watched.deadAt).toBeDefined();
        expect(watched.deadAt).toBeLessThanOrEqual(silentAt + config.timeoutMs + 20);
      }),
      { numRuns: 60 },
    );
  },
);

/**
 * p: that a question or its answer is lost. A datagram each interval would be taken for a death whenever four in a row
 * (timeout / interval) were lost: p^4 of all beats. The probe's TCP sends again after 200, 400 and 800 ms, so that the main
 * line alone is silent for 2 s when its four tries at 0, 200, 600 and 1,400 ms are lost: p^4 again. But spare lines are opened
 * at the first and the second missed beat, and each must fail, too: to connect, or to ask, so at most 2p. Mistakes: at most
 * p^4 (2p)^2 of all beats.
 */
const mostMistakes = (p: number) => p ** 4 * (2 * p) ** 2;

it('mistake rate: at most the rate of as many losses in a row as a mistake needs', () => {
  // 10 % each way, as it takes too long to see a mistake at 5 %: there the bound is one in 300,000 beats, or 40 hours.
  const p = 1 - 0.9 ** 2;
  const beats = 60_000;
  const clock = new FakeClock();
  let mistakes = 0;
  const network = { clock, loss: 0.1, chance: randomOf(11), alive: true };
  const watched = watch(network, defaults, 50);
  for (let at = 0; at < beats * defaults.intervalMs; at += 30_000) {
    clock.advance(30_000);
    if (watched.deadAt === undefined) continue;
    mistakes++;
    watched.deadAt = undefined;
  }
  // Poisson: what is expected, and three of its standard deviations.
  const expected = beats * mostMistakes(p);
  expect(mistakes).toBeLessThanOrEqual(expected + 3 * Math.sqrt(expected));
}, 30_000);

/** The Box-Muller transform: two uniform numbers make a normal one. */
const normal = (chance: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());

it.each([2, 3])(
  'phi accrual: at threshold %d one heartbeat in 10^phi comes later than the limit, if intervals are normally distributed',
  (phiThreshold) => {
    // Hayashibara et al., 2004: phi = -log10(P_later). The deviation is above the least one that is assumed.
    const config = { ...accrual, phiThreshold, timeoutMs: 1e9 };
    const chance = randomOf(7);
    const beats = 200_000;
    let now = 0;
    let late = 0;
    let state = onAnswer(initial(config, now), now);
    for (let beat = 0; beat < beats; beat++) {
      const interval = Math.max(1, 5_000 + 1_000 * normal(chance));
      const isLate = judge(state, now + interval).state.verdict === 'Dead';
      if (isLate && beat > 100) late++;
      now += interval;
      state = onAnswer(state, now);
    }
    const expected = beats / 10 ** phiThreshold;
    // Mean and deviation are estimated from 100 intervals, which makes the tail a little heavier (Student's t).
    expect(late).toBeGreaterThan(0.7 * expected);
    expect(late).toBeLessThan(2 * expected);
  },
);
