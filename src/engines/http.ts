import { type Socket, connect } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { ProbeTarget } from './engine.ts';
import { type Line, type LineEvents, maxAnswerBytes, reportFailure } from './line.ts';

/**
 * Asks with a GET over one kept connection. The status line is the sign of life: 200 to 399 is well, anything else is
 * wrong. The body is read and thrown away, 64 KiB at most and until the next beat at most; then the connection is cut.
 * A server that keeps a connection only for a number of answers, and says so, is asked over the next one at once, so that
 * there is always one whose end tells of its death. One that ends its connection after each answer is asked over a new
 * one at each beat; its death is then noticed at the next beat rather than at once.
 */
export function httpLine(target: ProbeTarget, clock: Clock, events: LineEvents): Line {
  return new HttpLine(target, clock, events);
}

class HttpLine implements Line {
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: LineEvents;
  readonly #request: Dispatcher.DispatchOptions;
  #client: Client | undefined;
  #socket: Socket | undefined;
  /** From the question to the end of the answer's body. */
  #busy = false;
  /** Answers on this connection. */
  #answers = 0;

  constructor(target: ProbeTarget, clock: Clock, events: LineEvents) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    const { path = '/', host } = target.engine.http ?? {};
    this.#request = {
      method: 'GET',
      path,
      headers: {
        'user-agent': 'haservice-operator',
        accept: '*/*',
        ...(host === undefined ? {} : { host }),
      },
    };
  }

  ask(): void {
    if (this.#busy) this.#cut();
    const client = (this.#client ??= this.#connect());
    const askedAt = this.#clock.now();
    let bytes = 0;
    this.#busy = true;
    client.dispatch(this.#request, {
      onRequestStart() {},
      onResponseStart: (_controller, status) => {
        if (client !== this.#client || status < 200) return;
        this.#answers++;
        if (status < 400) this.#events.answer(this.#clock.now() - askedAt);
        else this.#events.badAnswer(`HTTP ${status}`);
      },
      onResponseData: (_controller, chunk) => {
        bytes += chunk.length;
        if (client === this.#client && bytes > maxAnswerBytes) this.#cut();
      },
      onResponseEnd: () => {
        if (client === this.#client) this.#busy = false;
      },
      onResponseError: (_controller, error) => this.#ended(client, error),
    });
  }

  connected(): boolean {
    return this.#socket !== undefined && !this.#socket.connecting;
  }

  wrong(): undefined {
    return undefined;
  }

  close(): void {
    this.#cut();
  }

  #connect(): Client {
    const { host, port } = this.#target;
    const client = new Client(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      pipelining: 1,
      // How long to wait is the detector's to say, not the client's.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 3_600_000,
      keepAliveMaxTimeout: 3_600_000,
      // Our own socket, so that an attempt to connect can be given up: undici would let it run on.
      connect: (_options, callback) => {
        const socket = connect({ host, port, noDelay: true });
        this.#socket = socket;
        socket.once('connect', () => {
          socket.off('error', failed);
          callback(null, socket);
        });
        const failed = (error: Error) => callback(error, null);
        socket.once('error', failed);
      },
    });
    client.on('disconnect', (_origin, _targets, error) => this.#ended(client, error));
    return client;
  }

  #ended(client: Client, error: Error): void {
    if (client !== this.#client) return;
    const unanswered = this.#busy;
    const wasKept = this.#answers > 1;
    this.#cut();
    if ('code' in error && error.code === 'UND_ERR_INFO') {
      // The client's own closing: the server had said that it keeps the connection no longer.
      if (unanswered || wasKept) this.ask();
    } else {
      reportFailure(error, this.#events);
    }
  }

  #cut(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#busy = false;
    this.#answers = 0;
    this.#socket?.destroy();
    this.#socket = undefined;
    void client?.destroy();
  }
}
