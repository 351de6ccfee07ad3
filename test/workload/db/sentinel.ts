import type { Socket } from 'node:net';
import { RedisDatabase } from '../torture/redis.ts';
import { type Reply, ReplyReader, encodeCommand } from '../torture/resp.ts';
import type { Database, ConnectionOptions, Session } from '../torture/session.ts';
import { connected, openSocket } from '../torture/socket.ts';

const reconnectMs = 500;
const askMs = 1_000;

export interface SentinelAddress {
  host: string;
  port: number;
}

/**
 * Redis, with the master that the Sentinels name. Subscribes to +switch-master at each of them, and asks all of them again if a
 * connection or a write has failed, as a client library does (redis.io, "Guidelines for Redis clients with support for Redis
 * Sentinel"). The address is kept in between: a write does not wait for the question.
 */
export class SentinelDatabase implements Database {
  readonly #options: ConnectionOptions;
  readonly #sentinels: readonly SentinelAddress[];
  readonly #master: string;
  readonly #stop: AbortSignal;
  readonly #found = Promise.withResolvers<undefined>();
  #redis: RedisDatabase | undefined;
  #asking = false;

  constructor(
    options: ConnectionOptions,
    sentinels: readonly SentinelAddress[],
    master: string,
    stop: AbortSignal,
  ) {
    this.#options = options;
    this.#sentinels = sentinels;
    this.#master = master;
    this.#stop = stop;
    for (const sentinel of sentinels) void this.#listen(sentinel);
    this.failed();
  }

  async connect(signal: AbortSignal): Promise<Session> {
    await this.#found.promise;
    const redis = this.#redis;
    if (redis === undefined) throw new Error('no Sentinel knows a master');
    return redis.connect(signal);
  }

  /** Asks again, one request at a time. */
  failed(): void {
    if (this.#asking || this.#stop.aborted) return;
    this.#asking = true;
    const late = AbortSignal.any([this.#stop, AbortSignal.timeout(askMs)]);
    const asked = this.#sentinels.map((sentinel) => this.#ask(sentinel, late));
    // The first answer counts; an answer of a Sentinel that was cut off would count, too, as with any client.
    void Promise.any(asked)
      .then(([host = '', port = '']) => this.#moved(host, Number(port)))
      .catch(() => {})
      .finally(() => (this.#asking = false));
  }

  #moved(host: string, port: number): void {
    this.#redis = new RedisDatabase({ ...this.#options, host, port });
    this.#found.resolve(undefined);
  }

  async #ask({ host, port }: SentinelAddress, signal: AbortSignal): Promise<string[]> {
    const socket = openSocket(host, port);
    try {
      await connected(socket, signal);
      const question = ['SENTINEL', 'get-master-addr-by-name', this.#master];
      const abort = () => socket.destroy();
      signal.addEventListener('abort', abort, { once: true });
      for await (const reply of replies(socket, question)) {
        const answer = texts(reply);
        if (answer.length === 2) return answer;
        break;
      }
      throw new Error('the Sentinel knows no master');
    } finally {
      socket.destroy();
    }
  }

  async #listen({ host, port }: SentinelAddress): Promise<void> {
    while (!this.#stop.aborted) {
      const socket = openSocket(host, port).setKeepAlive(true, reconnectMs);
      const end = () => socket.destroy();
      this.#stop.addEventListener('abort', end, { once: true });
      try {
        await connected(socket, this.#stop);
        for await (const reply of replies(socket, ['SUBSCRIBE', '+switch-master'])) {
          const [kind, , message = ''] = texts(reply);
          const [name, , , newHost = '', newPort] = message.split(' ');
          if (kind === 'message' && name === this.#master) this.#moved(newHost, Number(newPort));
        }
      } catch {
        // It is down: the client listens to the others meanwhile.
      }
      this.#stop.removeEventListener('abort', end);
      if (!this.#stop.aborted) await new Promise((resolve) => setTimeout(resolve, reconnectMs));
    }
  }
}

async function* replies(socket: Socket, command: readonly string[]): AsyncGenerator<Reply> {
  const reader = new ReplyReader();
  socket.on('error', () => {});
  socket.write(encodeCommand(command));
  for await (const chunk of socket) yield* reader.push(chunk as Buffer);
}

const texts = (reply: Reply): string[] =>
  Array.isArray(reply)
    ? reply.flatMap((part) => (Buffer.isBuffer(part) ? [part.toString()] : []))
    : [];
