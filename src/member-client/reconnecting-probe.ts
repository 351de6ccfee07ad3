import type { Clock } from '../lib/clock.ts';
import type { Probe, ProbeEvent } from './probe.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';

/**
 * Waits before each new connection after the member has closed one: none at first, then a little longer each time. A dying
 * process may close its connections a moment before its listening socket, so the first new connection can still be accepted.
 */
const reconnectMs = [0, 1, 4, 16, 64];

/** Missed beats at which a silent connection gets a spare one: 1, 2, 4, then each eighth. */
const spareAt = (missed: number) =>
  missed === 1 || missed === 2 || missed === 4 || missed % 8 === 0;

/**
 * The probe of a member: holds one connection open and asks over it at each beat.
 *
 * - Beats do not pile up: while a request is unanswered, no other is sent on that connection.
 * - Instead a spare connection is tried, in case the connection is stuck and not the member. A spare that is not even
 *   established is replaced at each beat (its next SYN would come later); an established one is left waiting, so that the
 *   backlog of a frozen member does not fill up. The connection that answers first becomes the main connection.
 * - If the member ends the connection, a new one is opened and asked at once: an idle limit is no failure, and a dead
 *   process refuses it within a millisecond.
 */
export class ReconnectingProbe implements Probe {
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
    const unexpected = this.#main.unexpectedData();
    if (unexpected !== undefined) {
      this.#emit({ type: 'badAnswer', message: unexpected });
      this.#askMain();
      return;
    }
    this.#missed++;
    if (this.#spare?.connected() && !spareAt(this.#missed)) return;
    this.#spare?.close();
    this.#spare = this.#openConnection();
    this.#spare.ask();
  }

  close(): void {
    this.#cancelReconnect();
    this.#main?.close();
    this.#spare?.close();
  }

  #askMain(): void {
    this.#cancelReconnect();
    this.#main ??= this.#openConnection();
    this.#pending = true;
    this.#missed = 0;
    this.#main.ask();
  }

  #openConnection(): ProbeConnection {
    const connection = this.#open({
      answer: (rttMs, report) => {
        this.#answered(connection);
        this.#emit({ type: 'answer', rttMs, ...(report === undefined ? {} : { report }) });
      },
      badAnswer: (message, report) => {
        this.#answered(connection);
        this.#emit({ type: 'badAnswer', message, ...(report === undefined ? {} : { report }) });
      },
      refused: (message) => {
        this.#drop(connection);
        this.#emit({ type: 'refused', message });
      },
      unreachable: (message) => {
        this.#drop(connection);
        this.#emit({ type: 'unreachable', message });
      },
      fault: (message) => {
        this.#drop(connection);
        this.#emit({ type: 'fault', message });
      },
      closed: (message) => {
        const wasMain = this.#drop(connection);
        this.#emit({ type: 'closed', message });
        if (wasMain) this.#reconnect();
      },
    });
    return connection;
  }

  #answered(connection: ProbeConnection): void {
    if (connection === this.#spare) {
      this.#main?.close();
      this.#main = connection;
    } else {
      this.#spare?.close();
    }
    this.#spare = undefined;
    this.#pending = false;
  }

  /** Closes a connection that is unusable. Returns whether it was the main one and no spare replaces it. */
  #drop(connection: ProbeConnection): boolean {
    connection.close();
    if (connection === this.#spare) {
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
