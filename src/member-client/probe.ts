import type { Clock } from '../lib/clock.ts';
import type { Probe, ProbeEvent } from './engine.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';

/**
 * Waits before each new connection after the member has closed one: at once, then a little later. A dying process may
 * close its connections a moment before its listening socket, so the first new connection can still be accepted.
 */
const reconnectMs = [0, 1, 4, 16, 64];

/** Missed beats at which a standing but silent connection is given a second one: 1, 2, 4, then each eighth. */
const spareAt = (missed: number) =>
  missed === 1 || missed === 2 || missed === 4 || missed % 8 === 0;

/**
 * Keeps one line open to a member and asks over it at each beat.
 *
 * - Beats do not pile up: while a question is unanswered no other is sent on that connection.
 * - Instead a spare line is tried, in case the connection is stuck and not the member. A spare that does not even
 *   connect is replaced at each beat (its next SYN would be later); one that connects is left waiting, so that a
 *   frozen member does not find its backlog full of our connections. Whichever answers first becomes the main line.
 * - When the member ends the connection a new one is opened and asked at once: an idle limit is no failure, and a dead
 *   process refuses it within the millisecond.
 */
export class LineProbe implements Probe {
  readonly #open: (events: ProbeConnectionEvents) => ProbeConnection;
  readonly #clock: Clock;
  readonly #emit: (event: ProbeEvent) => void;
  #main: ProbeConnection | undefined;
  #spare: ProbeConnection | undefined;
  #pending = false;
  #missed = 0;
  #reconnects = 0;
  #cancelReconnect = () => {};

  constructor(
    open: (events: ProbeConnectionEvents) => ProbeConnection,
    clock: Clock,
    emit: (event: ProbeEvent) => void,
  ) {
    this.#open = open;
    this.#clock = clock;
    this.#emit = emit;
  }

  beat(): void {
    this.#reconnects = 0;
    if (!this.#pending || this.#main === undefined) {
      this.#askMain();
      return;
    }
    const wrong = this.#main.wrong();
    if (wrong !== undefined) {
      this.#emit({ type: 'badAnswer', message: wrong });
      this.#askMain();
      return;
    }
    this.#missed++;
    if (this.#spare?.connected() && !spareAt(this.#missed)) return;
    this.#spare?.close();
    this.#spare = this.#openLine();
    this.#spare.ask();
  }

  close(): void {
    this.#cancelReconnect();
    this.#main?.close();
    this.#spare?.close();
  }

  #askMain(): void {
    this.#cancelReconnect();
    this.#main ??= this.#openLine();
    this.#pending = true;
    this.#missed = 0;
    this.#main.ask();
  }

  #openLine(): ProbeConnection {
    const line = this.#open({
      answer: (rttMs, report) => {
        this.#answered(line);
        this.#emit({ type: 'answer', rttMs, ...(report === undefined ? {} : { report }) });
      },
      badAnswer: (message, report) => {
        this.#answered(line);
        this.#emit({ type: 'badAnswer', message, ...(report === undefined ? {} : { report }) });
      },
      refused: (message) => {
        this.#drop(line);
        this.#emit({ type: 'refused', message });
      },
      unreachable: (message) => {
        this.#drop(line);
        this.#emit({ type: 'unreachable', message });
      },
      fault: (message) => {
        this.#drop(line);
        this.#emit({ type: 'fault', message });
      },
      closed: (message) => {
        const wasMain = this.#drop(line);
        this.#emit({ type: 'closed', message });
        if (wasMain) this.#reconnect();
      },
    });
    return line;
  }

  #answered(line: ProbeConnection): void {
    if (line === this.#spare) {
      this.#main?.close();
      this.#main = line;
    } else {
      this.#spare?.close();
    }
    this.#spare = undefined;
    this.#pending = false;
  }

  /** Forgets a line that is used up. Tells whether it was the main one and no spare takes its place. */
  #drop(line: ProbeConnection): boolean {
    line.close();
    if (line === this.#spare) {
      this.#spare = undefined;
      return false;
    }
    this.#main = this.#spare;
    this.#spare = undefined;
    return this.#main === undefined;
  }

  #reconnect(): void {
    const wait = reconnectMs[this.#reconnects++];
    if (wait === undefined) return;
    if (wait === 0) this.#askMain();
    else this.#cancelReconnect = this.#clock.after(wait, () => this.#askMain());
  }
}
