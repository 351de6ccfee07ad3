import type { Socket } from 'node:net';
import { NumberSet } from './number-set.ts';
import { RedisError, type Reply, ReplyReader, encodeCommand } from './resp.ts';
import {
  type ConnectionOptions,
  type Database,
  Refused,
  type Session,
  WrongPassword,
} from './session.ts';
import { connected, openSocket, secured, tlsOptions } from './socket.ts';

/** A bitmap for each client and run: a read returns every number in a kilobyte or two. */
const keyOf = (run: string, client: string) => `torture:${run}:${client}`;

export class RedisDatabase implements Database {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async connect(signal: AbortSignal): Promise<Session> {
    const { host, port, password, tls } = this.#options;
    const plain = openSocket(host, port);
    const abort = () => plain.destroy();
    await connected(plain, signal);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const socket = tls === undefined ? plain : await secured(plain, tlsOptions(tls));
      const connection = new RespConnection(socket);
      // A server that requires a password answers with an error, and so does one that cannot serve.
      const hello = password === undefined ? [] : [connection.ask(['AUTH', password])];
      const replies = await Promise.all([...hello, connection.ask(['CLIENT', 'INFO'])]);
      for (const reply of replies) {
        if (!(reply instanceof RedisError)) continue;
        throw reply.code === 'WRONGPASS' ? new WrongPassword(reply.code) : reply;
      }
      const [, answeredBy = ''] = / laddr=(\S+):\d+ /.exec(String(replies.at(-1))) ?? [];
      return new RedisSession(connection, answeredBy, this.#options);
    } catch (error) {
      plain.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }
}

class RedisSession implements Session {
  readonly answeredBy: string;
  readonly #connection: RespConnection;
  readonly #options: ConnectionOptions;

  constructor(connection: RespConnection, answeredBy: string, options: ConnectionOptions) {
    this.#connection = connection;
    this.answeredBy = answeredBy;
    this.#options = options;
  }

  async write(client: string, n: number): Promise<void> {
    const { run, acks, ackMs } = this.#options;
    const set = ['SETBIT', keyOf(run, client), n, 1];
    // Sent together; WAIT counts from the write before it on this connection.
    const waited = acks === 0 ? undefined : ['WAIT', acks, ackMs];
    const asked = [set, ...(waited === undefined ? [] : [waited])].map((each) =>
      this.#connection.ask(each),
    );
    const [written, copies] = await Promise.all(asked);
    if (written instanceof RedisError) throw new Refused(written.code);
    if (copies instanceof RedisError) throw copies;
    if (acks > 0 && (typeof copies !== 'number' || copies < acks)) {
      throw new Error(`WAIT ${String(copies)}`);
    }
  }

  async read(clients: readonly string[]): Promise<Record<string, string>> {
    const keys = clients.map((client) => keyOf(this.#options.run, client));
    const reply = await this.#connection.ask(['MGET', ...keys]);
    if (!Array.isArray(reply)) throw new Refused(reply instanceof RedisError ? reply.code : '');
    return Object.fromEntries(
      clients.map((client, i) => {
        const bits = reply[i];
        return [client, Buffer.isBuffer(bits) ? NumberSet.ofBits(bits).toString() : ''];
      }),
    );
  }

  close(): void {
    this.#connection.close();
  }
}

/** Sends commands and returns their answers, in order. */
class RespConnection {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void }[] = [];
  #failure: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', (error) => (this.#failure ??= error));
    socket.on('close', () => {
      this.#failure ??= new Error('closed');
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const reply of this.#reader.push(chunk)) this.#waiting.shift()?.resolve(reply);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
  }

  /** @throws Refused if it could not be sent; else the error that ended the connection before the answer. */
  ask(command: readonly (string | number)[]): Promise<Reply> {
    if (this.#failure !== undefined || this.#socket.destroyed) {
      return Promise.reject(new Refused(`not sent: ${this.#failure?.message ?? 'closed'}`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeCommand(command));
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
