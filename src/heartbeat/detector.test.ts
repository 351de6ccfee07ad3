import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DetectorConfig,
  type DetectorState,
  restartSilence,
  initial,
  judge,
  onAnswer,
  onBadAnswer,
  onRefused,
  reconfigure,
  suspicion,
} from './detector.ts';

const deadline: DetectorConfig = {
  kind: 'Deadline',
  timeoutMs: 2_000,
  phiThreshold: 8,
  failureThreshold: 3,
  intervalMs: 500,
};
const accrual: DetectorConfig = { ...deadline, kind: 'PhiAccrual', timeoutMs: 10_000 };

const healthy = (config = deadline) => onAnswer(initial(config, 0), 0);
const at = (state: DetectorState, now: number) => judge(state, now).state;

/** Answers every interval from 0 on; the last one at `(count - 1) * intervalMs`. */
function answering(config: DetectorConfig, count: number): DetectorState {
  let state = initial(config, 0);
  for (let beat = 0; beat < count; beat++) state = onAnswer(state, beat * config.intervalMs);
  return state;
}

describe('a member that was never heard', () => {
  it('is Unknown, without a cause until the timeout has passed', () => {
    const { state, checkAgainAt } = judge(initial(deadline, 100), 2_099);
    expect(state).toMatchObject({ verdict: 'Unknown', cause: undefined });
    expect(checkAgainAt).toBe(2_100);
  });

  it('stays Unknown, as Silent, afterwards: it may still be starting', () => {
    expect(judge(initial(deadline, 100), 2_100)).toMatchObject({
      state: { verdict: 'Unknown', cause: 'Silent' },
      checkAgainAt: Infinity,
    });
  });

  it('stays Unknown when refused', () => {
    expect(onRefused(initial(deadline, 0))).toMatchObject({ verdict: 'Unknown', cause: 'Refused' });
  });

  it('is Healthy at its first good answer, in its first incarnation', () => {
    const state = onAnswer(onRefused(initial(deadline, 0)), 10);
    expect(state).toMatchObject({ verdict: 'Healthy', cause: undefined, generation: 0 });
  });
});

describe('silence', () => {
  it('makes Healthy Suspect at two intervals and Dead at the timeout, with the times told before', () => {
    const state = healthy();
    expect(judge(state, 999)).toEqual({ state, checkAgainAt: 1_000 });
    const suspect = judge(state, 1_000);
    expect(suspect).toMatchObject({ state: { verdict: 'Suspect' }, checkAgainAt: 2_000 });
    expect(at(suspect.state, 1_999)).toBe(suspect.state);
    expect(at(suspect.state, 2_000)).toMatchObject({ verdict: 'Dead', cause: 'Silent' });
  });

  it('is suspected before the limit also where the timeout is shorter than two intervals', () => {
    const state = healthy({ ...deadline, timeoutMs: 600 });
    expect(judge(state, 0).checkAgainAt).toBe(550);
  });

  it('makes an Unhealthy member Dead', () => {
    let state = healthy();
    for (let i = 0; i < 3; i++) state = onBadAnswer(state, 0);
    expect(judge(state, 0).checkAgainAt).toBe(2_000);
    expect(at(state, 2_000)).toMatchObject({ verdict: 'Dead', cause: 'Silent' });
  });

  it('ends with an answer', () => {
    expect(onAnswer(at(healthy(), 1_500), 1_600)).toMatchObject({
      verdict: 'Healthy',
      cause: undefined,
      generation: 0,
    });
  });

  it('that is forgiven counts from then on only', () => {
    const state = restartSilence(at(healthy(), 1_500), 1_500);
    expect(state.verdict).toBe('Healthy');
    expect(at(state, 2_400).verdict).toBe('Healthy');
    expect(at(state, 3_500).verdict).toBe('Dead');
  });

  it('of a Dead member is not undone by forgiving', () => {
    expect(restartSilence(at(healthy(), 2_000), 2_100).verdict).toBe('Dead');
  });
});

describe('a refused connection', () => {
  it.each([
    ['Healthy', healthy()],
    ['Suspect', at(healthy(), 1_000)],
    ['Unhealthy', [1, 2, 3].reduce((state, now) => onBadAnswer(state, now), healthy())],
    ['Dead', at(healthy(), 2_000)],
  ] as const)('makes a %s member Dead at once', (verdict, state) => {
    expect(state.verdict).toBe(verdict);
    expect(onRefused(state)).toMatchObject({ verdict: 'Dead', cause: 'Refused' });
  });
});

describe('wrong answers', () => {
  it('make a member Unhealthy at the failureThreshold, not before', () => {
    const twice = onBadAnswer(onBadAnswer(healthy(), 1), 2);
    expect(twice.verdict).toBe('Healthy');
    expect(onBadAnswer(twice, 3)).toMatchObject({ verdict: 'Unhealthy', cause: 'BadAnswer' });
  });

  it('count in a row only', () => {
    let state = healthy();
    for (let i = 0; i < 10; i++) state = onAnswer(onBadAnswer(onBadAnswer(state, i), i), i);
    expect(state.verdict).toBe('Healthy');
  });

  it('are no silence', () => {
    let state = onBadAnswer(at(healthy(), 1_900), 1_900);
    expect(state.verdict).toBe('Healthy');
    state = at(state, 2_500);
    expect(state.verdict).toBe('Healthy');
  });

  it('make one that was never heard Unhealthy', () => {
    let state = initial(deadline, 0);
    for (let i = 0; i < 3; i++) state = onBadAnswer(state, i);
    expect(state.verdict).toBe('Unhealthy');
  });

  it('leave a Dead one Dead', () => {
    let state = onRefused(healthy());
    for (let i = 0; i < 5; i++) state = onBadAnswer(state, i);
    expect(state.verdict).toBe('Dead');
  });
});

describe('recovery', () => {
  it('takes two good answers, and from Dead begins a new generation', () => {
    const once = onAnswer(onRefused(healthy()), 5_000);
    expect(once).toMatchObject({ verdict: 'Dead', generation: 0 });
    const twice = onAnswer(once, 5_500);
    expect(twice).toMatchObject({ verdict: 'Healthy', cause: undefined, generation: 1 });
  });

  it('from Unhealthy is the same process still', () => {
    let state = healthy();
    for (let i = 0; i < 3; i++) state = onBadAnswer(state, i);
    expect(onAnswer(state, 4).verdict).toBe('Unhealthy');
    expect(onAnswer(onAnswer(state, 4), 5)).toMatchObject({ verdict: 'Healthy', generation: 0 });
  });

  it.each([
    ['a refusal', (state: DetectorState) => onRefused(state)],
    ['a wrong answer', (state: DetectorState) => onBadAnswer(state, 5_100)],
  ])('begins again after %s', (_what, disturb) => {
    const once = onAnswer(onRefused(healthy()), 5_000);
    expect(onAnswer(disturb(once), 5_500).verdict).toBe('Dead');
  });

  it('begins again after silence', () => {
    const once = onAnswer(onRefused(healthy()), 5_000);
    const late = onAnswer(once, 7_000);
    expect(late.verdict).toBe('Dead');
    expect(onAnswer(late, 7_500).verdict).toBe('Healthy');
  });
});

describe('phi accrual', () => {
  it('finds a steady member dead well before the timeout, and no sooner than 4.9 intervals', () => {
    const state = answering(accrual, 50);
    expect(state.limitMs).toBeGreaterThan(4.9 * 500);
    expect(state.limitMs).toBeLessThan(5 * 500);
    expect(suspicion(state, state.silentFrom + state.limitMs)).toBeCloseTo(8, 5);
  });

  it('gives an unsteady member longer', () => {
    let state = initial(accrual, 0);
    let now = 0;
    for (let i = 0; i < 50; i++) state = onAnswer(state, (now += i % 5 === 0 ? 2_200 : 500));
    expect(state.limitMs).toBeGreaterThan(4_000);
  });

  it('never takes longer than the timeout', () => {
    const { limitMs } = answering({ ...accrual, intervalMs: 5_000 }, 50);
    expect(limitMs).toBe(10_000);
  });

  it('does not learn from an outage', () => {
    const steady = answering(accrual, 50);
    const dead = at(steady, 24_500 + 10_000);
    const back = onAnswer(onAnswer(dead, 90_000), 90_500);
    expect(back.verdict).toBe('Healthy');
    expect(back.limitMs).toBe(steady.limitMs);
  });

  it('forgets what it learned at another interval', () => {
    const state = reconfigure(answering(accrual, 50), { ...accrual, intervalMs: 100 });
    expect(state.window).toEqual([]);
    expect(state.limitMs).toBeCloseTo(492, 0);
  });
});

describe('reconfigure', () => {
  it('keeps verdict and generation under the new limits', () => {
    const state = reconfigure(at(healthy(), 1_000), { ...deadline, timeoutMs: 5_000 });
    expect(judge(state, 1_000)).toMatchObject({
      state: { verdict: 'Suspect' },
      checkAgainAt: 5_000,
    });
  });
});

const event = fc.oneof(
  { weight: 5, arbitrary: fc.constant('answer' as const) },
  fc.constant('bad' as const),
  fc.constant('refused' as const),
  fc.constant('forgive' as const),
  fc.constant('judge' as const),
);
const history = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 3_000 })), { maxLength: 60 });
const config = fc
  .record({
    kind: fc.constantFrom('Deadline' as const, 'PhiAccrual' as const),
    intervalMs: fc.integer({ min: 10, max: 2_000 }),
    factor: fc.double({ min: 1.01, max: 10, noNaN: true }),
    phiThreshold: fc.double({ min: 1, max: 16, noNaN: true }),
    failureThreshold: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ factor, ...rest }) => ({ ...rest, timeoutMs: rest.intervalMs * factor }));

function play(start: DetectorState, events: [string, number][]) {
  const states = [start];
  let now = 0;
  let state = start;
  for (const [what, wait] of events) {
    now += wait;
    if (what === 'answer') state = onAnswer(state, now);
    else if (what === 'bad') state = onBadAnswer(state, now);
    else if (what === 'refused') state = onRefused(state);
    else if (what === 'forgive') state = restartSilence(state, now);
    else state = at(state, now);
    states.push(state);
  }
  return { states, state, now };
}

describe('whatever happens', () => {
  it('the generation grows by one and only where a Dead member becomes Healthy', () => {
    fc.assert(
      fc.property(config, history, (config, events) => {
        const { states } = play(initial(config, 0), events);
        for (const [index, state] of states.entries()) {
          const before = states[index - 1];
          if (before === undefined) continue;
          const reborn = before.verdict === 'Dead' && state.verdict === 'Healthy';
          expect(state.generation - before.generation).toBe(reborn ? 1 : 0);
          if (before.verdict !== 'Unknown') expect(state.verdict).not.toBe('Unknown');
        }
      }),
    );
  });

  it('silence is found by following checkAgainAt, no later than the timeout, in at most two checks', () => {
    fc.assert(
      fc.property(config, history, (config, events) => {
        const { state, now } = play(initial(config, 0), events);
        const deadBy = Math.max(now, state.silentFrom + config.timeoutMs);
        let next = judge(state, now);
        for (let checks = 0; next.checkAgainAt !== Infinity; checks++) {
          expect(checks).toBeLessThan(3);
          expect(next.checkAgainAt).toBeLessThanOrEqual(deadBy);
          next = judge(next.state, next.checkAgainAt);
        }
        expect(['Dead', 'Unknown']).toContain(next.state.verdict);
        expect(next.state.cause).toBeDefined();
      }),
    );
  });

  it('two good answers in time make any member Healthy', () => {
    fc.assert(
      fc.property(config, history, (config, events) => {
        const { state, now } = play(initial(config, 0), events);
        const once = onAnswer(state, now);
        expect(onAnswer(once, now + config.intervalMs / 2).verdict).toBe('Healthy');
      }),
    );
  });

  it('judging does not change what is not due', () => {
    fc.assert(
      fc.property(config, history, (config, events) => {
        const { state, now } = play(initial(config, 0), events);
        const once = at(state, now);
        expect(at(once, now)).toBe(once);
      }),
    );
  });
});
