import { type DetectorConfig, initial, judge, onAnswer } from '../detector.ts';
import type { FakeClock } from '../../lib/fake-clock.ts';
import type {
  ProbeConnection,
  ProbeConnectionEvents,
} from '../../member-client/probe-connection.ts';
import { ReconnectingProbe } from '../../member-client/reconnecting-probe.ts';
import { StallMeter } from '../stall-meter.ts';

/**
 * The whole chain except the sockets, on a clock of its own: detector, probe and stall meter of an operator that stalls, and a
 * living member, over a network that loses packets and a TCP that sends them again.
 */

const roundTripMs = 2;

export interface Network {
  clock: FakeClock;
  /** Probability that a packet is lost, each way. */
  loss: number;
  chance: () => number;
  /** Whether the member answers at all. */
  alive: boolean;
}

/** A connection that sends lost packets again after Linux's first timeouts, each twice the one before: SYN 1 s, data 200 ms. */
class LossyConnection implements ProbeConnection {
  readonly #network: Network;
  readonly #events: ProbeConnectionEvents;
  #connected = false;
  #closed = false;

  constructor(network: Network, events: ProbeConnectionEvents) {
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
  unexpectedData = () => undefined;
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

/** Starts to probe a member. Returns its state and the time at which it was found dead. */
export function watch(network: Network, config: DetectorConfig, lookMs = 10) {
  const { clock } = network;
  const meter = new StallMeter(clock);
  const watched = {
    state: initial(config, 0),
    deadAt: undefined as number | undefined,
    answers: 0,
  };
  const probe = new ReconnectingProbe(
    (events) => new LossyConnection(network, events),
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
  // Checks more often than the monitor does, so that no verdict is missed.
  const look = () => {
    watched.state = judge(watched.state, meter.attentiveNow()).state;
    if (watched.state.verdict === 'Dead') watched.deadAt ??= clock.now();
    clock.after(lookMs, look);
  };
  beat();
  look();
  return watched;
}

export const defaults: DetectorConfig = {
  kind: 'Deadline',
  timeoutMs: 2_000,
  phiThreshold: 8,
  failureThreshold: 3,
  intervalMs: 500,
};
export const fast: DetectorConfig = { ...defaults, timeoutMs: 500, intervalMs: 100 };
export const accrual: DetectorConfig = { ...defaults, kind: 'PhiAccrual', timeoutMs: 10_000 };
