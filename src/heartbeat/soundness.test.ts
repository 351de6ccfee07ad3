import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DetectorConfig, initial, judge, onAnswer } from '../core/detector.ts';
import { FakeClock } from '../core/fake-clock.ts';
import type { Line, LineEvents } from '../engines/line.ts';
import { LineProbe } from '../engines/probe.ts';
import { StallMeter } from './stall-meter.ts';

/**
 * The whole chain but the sockets, on a clock of its own: detector, probe and stall meter against a member that lives,
 * over a network that loses packets and TCP that sends them again, watched by an operator that stalls.
 */

const roundTripMs = 2;

/** mulberry32: a small generator with a seed, for repeatable losses. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Network {
  clock: FakeClock;
  /** Of a packet, each way. */
  loss: number;
  chance: () => number;
  /** Whether the member answers at all. */
  alive: boolean;
}

/** A connection whose lost packets are sent again after Linux's first timeouts, which double: SYN 1 s, data 200 ms. */
class LossyLine implements Line {
  readonly #network: Network;
  readonly #events: LineEvents;
  #connected = false;
  #closed = false;

  constructor(network: Network, events: LineEvents) {
    this.#network = network;
    this.#events = events;
  }

  ask(): void {
    const askedAt = this.#network.clock.now();
    const request = () =>
      this.#exchange(200, () => this.#events.answer(this.#network.clock.now() - askedAt));
    if (this.#connected) request();
    else
      this.#exchange(1_000, () => {
        this.#connected = true;
        request();
      });
  }

  connected = () => this.#connected;
  wrong = () => undefined;
  close = () => void (this.#closed = true);

  #exchange(retryMs: number, done: () => void): void {
    const { clock, loss, chance } = this.#network;
    const lost = chance() < loss || chance() < loss;
    clock.after(lost ? retryMs : roundTripMs, () => {
      if (this.#closed) return;
      if (lost) this.#exchange(2 * retryMs, done);
      else if (this.#network.alive) done();
    });
  }
}

/** Starts to hear a member. Returns its state and the time at which it was found dead. */
function watch(network: Network, config: DetectorConfig) {
  const { clock } = network;
  const meter = new StallMeter(clock);
  const watched = {
    state: initial(config, 0),
    deadAt: undefined as number | undefined,
    answers: 0,
  };
  const probe = new LineProbe(
    (events) => new LossyLine(network, events),
    clock,
    (event) => {
      if (event.type !== 'answer') return;
      watched.answers++;
      watched.state = onAnswer(watched.state, meter.attentiveNow());
    },
  );
  const beat = () => {
    probe.beat();
    clock.after(config.intervalMs, beat);
  };
  // Looks more often than the monitor does, so that no verdict can slip by.
  const look = () => {
    watched.state = judge(watched.state, meter.attentiveNow()).state;
    if (watched.state.verdict === 'Dead') watched.deadAt ??= clock.now();
    clock.after(10, look);
  };
  beat();
  look();
  return watched;
}

const defaults: DetectorConfig = {
  kind: 'Deadline',
  timeoutMs: 2_000,
  phiThreshold: 8,
  failureThreshold: 3,
  intervalMs: 500,
};
const fast: DetectorConfig = { ...defaults, timeoutMs: 500, intervalMs: 100 };
const accrual: DetectorConfig = { ...defaults, kind: 'PhiAccrual', timeoutMs: 10_000 };

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
  ])('is never found dead for the stalls of the operator: %s', (_name, config) => {
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
    'is not found dead where 5 %% of all packets are lost, and the operator stalls: %s',
    (_n, config) => {
      fc.assert(
        fc.property(fc.integer(), spans, (seed, spans) => {
          const clock = new FakeClock();
          const watched = watch({ clock, loss: 0.05, chance: random(seed), alive: true }, config);
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
  ])('is found dead within the timeout, and the stalls of the operator: %s', (_name, config) => {
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
