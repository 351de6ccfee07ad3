import { type Socket, connect } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './probe.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';
import {
  type ProbeConnection,
  type ProbeConnectionEvents,
  emitFailure,
} from './probe-connection.ts';

/**
 * Checks health over TCP, and always holds a connection open, whose reset reveals a dead process at once.
 *
 * - With `send` and `expect`: writes `send` on the held connection and reads until `expect` has come (64 KiB at most).
 * - With `expect` and an empty `send`: opens a new connection at each beat, on which the member sends first (a banner). It
 *   replaces the held one.
 * - With neither: opening a new connection at each beat is itself the answer, and it replaces the held one. An open but
 *   idle connection would reveal nothing of a member that is cut off. This way a frozen process is not noticed: its kernel
 *   accepts connections until the backlog is full. Set `send` and `expect` to notice it.
 *
 * Replaced connections are ended by a reset, as HAProxy's checks are: this leaves no TIME_WAIT behind.
 */
export function tcpConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  return new TcpProbeConnection(target, clock, events);
}

class TcpProbeConnection implements ProbeConnection {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #send: string;
  readonly #expect: Buffer | undefined;
  /** The connection that is held open, and the one that is asked: the same if `send` is set. */
  #held: Socket | undefined;
  #asked: Socket | undefined;
  #askedAt = 0;
  #received: Buffer = Buffer.alloc(0);

  constructor(target: ProbeTarget, clock: Clock, events: ProbeConnectionEvents) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    const { tcp } = target.engine;
    this.#send = tcp?.send ?? '';
    this.#expect = tcp === undefined ? undefined : Buffer.from(tcp.expect);
  }

  ask(): void {
    this.#askedAt = this.#clock.now();
    this.#received = Buffer.alloc(0);
    if (this.#send === '') {
      if (this.#asked !== this.#held) this.#asked?.destroy();
      this.#asked = this.#connect();
    } else {
      this.#asked = this.#held ??= this.#connect();
      this.#asked.write(this.#send);
    }
  }

  connected(): boolean {
    return this.#asked !== undefined && !this.#asked.connecting;
  }

  unexpectedData(): string | undefined {
    if (this.#received.length === 0) return undefined;
    return `answered ${JSON.stringify(this.#received.toString('utf8', 0, 80))} where ${JSON.stringify(this.#expect?.toString())} was expected`;
  }

  close(): void {
    const sockets = [this.#held, this.#asked];
    this.#held = undefined;
    this.#asked = undefined;
    for (const socket of sockets) socket?.destroy();
  }

  #connect(): Socket {
    const { host, port } = this.#target;
    const socket = connect({ host, port, noDelay: true });
    socket.on('connect', () => {
      if (socket === this.#asked && this.#expect === undefined) this.#answered(socket);
    });
    socket.on('data', (chunk: Buffer) => {
      if (socket === this.#asked) this.#read(socket, chunk);
    });
    socket.on('end', () => this.#ended(socket, undefined));
    socket.on('error', (error) => this.#ended(socket, error));
    return socket;
  }

  #read(socket: Socket, chunk: Buffer): void {
    if (this.#expect === undefined) return;
    this.#received = Buffer.concat([this.#received, chunk]);
    if (this.#received.includes(this.#expect)) {
      this.#answered(socket);
    } else if (this.#received.length > maxAnswerBytes) {
      this.close();
      this.#events.badAnswer(
        'answered with more than 64 KiB without the text of engine.tcp.expect',
      );
    }
  }

  #answered(socket: Socket): void {
    if (this.#held !== socket) this.#held?.resetAndDestroy();
    this.#held = socket;
    this.#asked = undefined;
    this.#received = Buffer.alloc(0);
    this.#events.answer(this.#clock.now() - this.#askedAt);
  }

  #ended(socket: Socket, error: Error | undefined): void {
    if (socket !== this.#held && socket !== this.#asked) return;
    this.close();
    if (error === undefined) this.#events.closed('the member closed the connection');
    else emitFailure(error, this.#events);
  }
}
