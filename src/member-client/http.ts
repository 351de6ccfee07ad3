import { type Socket, connect } from 'node:net';
import { Client, type Dispatcher } from 'undici';
import type { Clock } from '../lib/clock.ts';
import type { ProbeTarget } from './probe.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';
import {
  type ProbeConnection,
  type ProbeConnectionEvents,
  emitFailure,
} from './probe-connection.ts';

/** A request over HTTP, and how its answer is judged. */
export interface HttpCheck {
  path: string;
  /** Called anew for each request. */
  headers: () => Record<string, string>;
  /** Judges the whole answer. Without it, the status line alone is the answer. */
  judge?: (status: number, body: string, rttMs: number) => void;
}

/**
 * Checks health by a GET over one kept connection. The status line is the answer: 200 to 399 is healthy, anything else is
 * wrong. The body is read and discarded, 64 KiB at most and until the next beat at most; then the connection is closed.
 * If a server limits the answers per connection, and says so, the next connection is opened and asked at once, so that there is
 * always a connection whose end reveals the death of the process. If a server ends its connection after each answer, each beat
 * opens a new one; the death of the process is then noticed at the next beat, not at once.
 */
export function httpConnection(
  target: ProbeTarget,
  clock: Clock,
  events: ProbeConnectionEvents,
): ProbeConnection {
  const { path = '/', host } = target.engine.http ?? {};
  const headers = { accept: '*/*', ...(host === undefined ? {} : { host }) };
  return askOverHttp(target, clock, events, { path, headers: () => headers });
}

/** As httpConnection, for another request; if the check has `judge`, the body is read to its end, 64 KiB at most. */
export const askOverHttp = (
  target: Pick<ProbeTarget, 'host' | 'port'>,
  clock: Clock,
  events: ProbeConnectionEvents,
  check: HttpCheck,
): ProbeConnection => new HttpProbeConnection(target, clock, events, check);

class HttpProbeConnection implements ProbeConnection {
  readonly #target: Pick<ProbeTarget, 'host' | 'port'>;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  readonly #check: HttpCheck;
  #client: Client | undefined;
  #socket: Socket | undefined;
  /** From the request to the end of the answer's body. */
  #busy = false;
  /** Answers on this connection. */
  #answers = 0;

  constructor(
    target: Pick<ProbeTarget, 'host' | 'port'>,
    clock: Clock,
    events: ProbeConnectionEvents,
    check: HttpCheck,
  ) {
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    this.#check = check;
  }

  ask(): void {
    if (this.#busy) this.#cut();
    const client = (this.#client ??= this.#connect());
    const askedAt = this.#clock.now();
    const { judge } = this.#check;
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

  unexpectedData(): undefined {
    return undefined;
  }

  close(): void {
    this.#cut();
  }

  #request(): Dispatcher.DispatchOptions {
    const { path, headers } = this.#check;
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
      // The failure detector decides how long to wait, not the client.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 3_600_000,
      keepAliveMaxTimeout: 3_600_000,
      // A socket of our own, so that a connection attempt can be aborted: undici would let it run on.
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
      // undici has closed the connection: the server had announced that it ends it.
      if (unanswered || wasKept) this.ask();
    } else {
      emitFailure(error, this.#events);
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
