import { type Socket, connect } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './engine.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';
import {
  type ProbeConnection,
  type ProbeConnectionEvents,
  reportFailure,
} from './probe-connection.ts';

/** What is asked over HTTP, and how its answer is judged. */
export interface HttpQuestion {
  path: string;
  /** Made anew for each question. */
  headers: () => Record<string, string>;
  /** Judges the whole answer. Without it the status line alone is the answer. */
  judge?: (status: number, body: string, rttMs: number) => void;
}

/**
 * Asks with a GET over one kept connection. The status line is the sign of life: 200 to 399 is well, anything else is
 * wrong. The body is read and thrown away, 64 KiB at most and until the next beat at most; then the connection is cut.
 * A server that keeps a connection only for a number of answers, and says so, is asked over the next one at once, so that
 * there is always one whose end tells of its death. One that ends its connection after each answer is asked over a new
 * one at each beat; its death is then noticed at the next beat rather than at once.
 */
export function httpLine(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const { path = '/', host } = target.engine.http ?? {};
  const headers = { accept: '*/*', ...(host === undefined ? {} : { host }) };
  return askOverHttp(target, clock, events, { path, headers: () => headers });
}

/** As httpLine, but asks something else; where `judge` wants it, the body is read to its end, 64 KiB at most. */
export const askOverHttp = (
  target: Pick<ProbeTarget, 'host' | 'port'>,
  clock: Clock,
  events: ProbeConnectionEvents,
  question: HttpQuestion,
): ProbeConnection => new HttpLine(target, clock, events, question);

class HttpLine implements ProbeConnection {
  readonly #target: Pick<ProbeTarget, 'host' | 'port'>;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #question: HttpQuestion;
  #client: Client | undefined;
  #socket: Socket | undefined;
  /** From the question to the end of the answer's body. */
  #busy = false;
  /** Answers on this connection. */
  #answers = 0;

  constructor(
    target: Pick<ProbeTarget, 'host' | 'port'>,
    clock: Clock,
    events: ProbeConnectionEvents,
    question: HttpQuestion,
  ) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    this.#question = question;
  }

  ask(): void {
    if (this.#busy) this.#cut();
    const client = (this.#client ??= this.#connect());
    const askedAt = this.#clock.now();
    const { judge } = this.#question;
    const chunks: Buffer[] = [];
    let bytes = 0;
    let answered = 0;
    this.#busy = true;
    client.dispatch(this.#request(), {
      onRequestStart() {},
      onResponseStart: (_controller, status) => {
        if (client !== this.#client || status < 200) return;
        this.#answers++;
        answered = status;
        if (judge !== undefined) return;
        if (status < 400) this.#events.answer(this.#clock.now() - askedAt);
        else this.#events.badAnswer(`HTTP ${status}`);
      },
      onResponseData: (_controller, chunk) => {
        bytes += chunk.length;
        if (client !== this.#client) return;
        if (bytes <= maxAnswerBytes) {
          if (judge !== undefined) chunks.push(chunk);
          return;
        }
        this.#cut();
        if (judge !== undefined) this.#events.badAnswer('answered with more than 64 KiB');
      },
      onResponseEnd: () => {
        if (client !== this.#client) return;
        this.#busy = false;
        judge?.(answered, Buffer.concat(chunks).toString(), this.#clock.now() - askedAt);
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

  #request(): Dispatcher.DispatchOptions {
    const { path, headers } = this.#question;
    return {
      method: 'GET',
      path,
      headers: { 'user-agent': 'haservice-operator', ...headers() },
    };
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
