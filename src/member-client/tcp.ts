import { type Socket, connect } from 'node:net';
import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './engine.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';
import {
  type ProbeConnection,
  type ProbeConnectionEvents,
  reportFailure,
} from './probe-connection.ts';

/**
 * Asks over TCP, and always holds a connection open, whose reset tells of a dead process at once.
 *
 * - With `send` and `expect`: writes `send` on the held connection and reads until `expect` has come (64 KiB at most).
 * - With `expect` and an empty `send`: a new connection at each beat, on which the member speaks first (a banner). It
 *   takes the place of the held one.
 * - With neither: a new connection at each beat is itself the answer, and takes the place of the held one. An open but
 *   idle connection would say nothing of a member that is cut off. A frozen process is not heard this way: its kernel
 *   goes on accepting until the backlog is full. Give `send` and `expect` to hear it.
 *
 * Connections that have been replaced are ended by a reset, as HAProxy's checks are: it leaves no TIME_WAIT behind.
 */
export function tcpLine(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  return new TcpLine(target, clock, events);
}

class TcpLine implements ProbeConnection {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #send: string;
  readonly #expect: Buffer | undefined;
  /** The connection that is held open, and the one that is asked: the same where `send` is given. */
  #held: Socket | undefined;
  #asked: Socket | undefined;
  #askedAt = 0;
  #heard: Buffer = Buffer.alloc(0);

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
    this.#heard = Buffer.alloc(0);
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

  wrong(): string | undefined {
    if (this.#heard.length === 0) return undefined;
    return `answered ${JSON.stringify(this.#heard.toString('utf8', 0, 80))} where ${JSON.stringify(this.#expect?.toString())} was expected`;
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
    this.#heard = Buffer.concat([this.#heard, chunk]);
    if (this.#heard.includes(this.#expect)) {
      this.#answered(socket);
    } else if (this.#heard.length > maxAnswerBytes) {
      this.close();
      this.#events.badAnswer('answered with more than 64 KiB that do not hold engine.tcp.expect');
    }
  }

  #answered(socket: Socket): void {
    if (this.#held !== socket) this.#held?.resetAndDestroy();
    this.#held = socket;
    this.#asked = undefined;
    this.#heard = Buffer.alloc(0);
    this.#events.answer(this.#clock.now() - this.#askedAt);
  }

  #ended(socket: Socket, error: Error | undefined): void {
    if (socket !== this.#held && socket !== this.#asked) return;
    this.close();
    if (error === undefined) this.#events.closed('the member closed the connection');
    else reportFailure(error, this.#events);
  }
}
