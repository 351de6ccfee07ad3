import { once } from 'node:events';
import { Socket, connect } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { HAError } from '../../api/errors.ts';
import { answerScramAlone, scramError } from './scram.ts';

export type SessionOptions = Pick<
  pg.ClientConfig,
  'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'application_name'
> & {
  /** The connection is one of a WAL sender. `pg` passes it on, though its types lack it. */
  replication?: 'database';
};

/**
 * A connection of a WAL sender, which takes none of the max_connections: if no member follows, the writes of clients wait and hold all
 * of these, until a member follows. It takes the simple protocol alone: queries without parameters.
 */
export const asWalSender = { replication: 'database' } as const;

/** One connection to a server. Pending queries fail when it is ended. */
export class Session {
  readonly #client: pg.Client;
  readonly #socket: Socket;

  #pending = 0;
  #isRetired = false;

  private constructor(client: pg.Client, socket: Socket) {
    this.#client = client;
    this.#socket = socket;
  }

  /**
   * Pending as long as the server does not answer. A password is used for SCRAM only, and the server must know it, too.
   * @throws HAError HA_ERR_NOT_SCRAM; the error of `pg`; the signal's reason if that came first
   */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    const socket = new Socket();
    const client = new pg.Client({
      application_name: 'haservice agent',
      ...options,
      // Over TLS the proof of the password is bound to the server's certificate: a relay that has another cannot pass it on.
      enableChannelBinding: options.ssl !== undefined && options.ssl !== false,
      keepAlive: true,
      stream: () => socket,
    });
    answerScramAlone(client.connection, options.password !== undefined);
    // A pending query fails, too.
    client.on('error', () => {});
    const abort = () => socket.destroy();
    signal.addEventListener('abort', abort);
    try {
      await client.connect();
      return new Session(client, socket);
    } catch (error) {
      socket.destroy();
      throw signal.aborted ? signal.reason : scramError(error);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** As Session.open, over a connection of a WAL sender if clients have taken all others. */
  static async openAnyway(options: SessionOptions, signal: AbortSignal): Promise<Session> {
    try {
      return await Session.open(options, signal);
    } catch (error) {
      if (codeOf(error) !== tooManyConnections) throw error;
      return Session.open({ ...options, ...asWalSender }, signal);
    }
  }

  /** Over the simple protocol: it takes several statements at once, and a WAL sender knows no other. So there are no parameters. */
  async rows<Row extends object>(text: string): Promise<Row[]> {
    this.#pending++;
    try {
      return (await this.#client.query<Row>(text)).rows;
    } finally {
      this.#pending--;
      if (this.#isRetired) this.retire();
    }
  }

  async row<Row extends object>(text: string): Promise<Row> {
    const [row] = await this.rows<Row>(text);
    if (row === undefined) throw new HAError('HA_ERR_DATABASE', 'the answer to a query has no row');
    return row;
  }

  /** Ends it once it is not waiting for an answer. */
  retire(): void {
    this.#isRetired = true;
    if (this.#pending === 0) this.end();
  }

  end(): void {
    this.#socket.destroy();
  }
}

/**
 * Runs `work` over a connection of its own, which is ended if the signal comes or the time is over.
 * @param limits `timeoutMs` may be Infinity
 * @throws what `work` or `open` throws; the signal's reason; HA_ERR_DATABASE if it takes too long
 */
export async function withSession<T>(
  options: SessionOptions,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
  work: (session: Session) => Promise<T>,
  open: typeof Session.open = (to, either) => Session.open(to, either),
): Promise<T> {
  const late = Number.isFinite(timeoutMs)
    ? AbortSignal.timeout(timeoutMs)
    : new AbortController().signal;
  const either = AbortSignal.any([signal, late]);
  let session: Session | undefined;
  const end = () => session?.end();
  either.addEventListener('abort', end);
  try {
    session = await open(options, either);
    return await work(session);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (late.aborted) {
      const where = `${options.host ?? ''}:${options.port ?? ''}`;
      throw new HAError('HA_ERR_DATABASE', `${where} did not answer within ${timeoutMs} ms`);
    }
    throw error;
  } finally {
    either.removeEventListener('abort', end);
    end();
  }
}

/** The question of a client for TLS, with which any connection may begin. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/**
 * Resolves when the postmaster has served a new client, by a process that has read nothing yet: so no lock, and no lack of connections,
 * holds that up, and nothing of it is left. The postmaster does one thing at a time: what it had begun before is done then.
 *
 * @throws the system's error; the signal's reason
 */
export async function knock(
  { host = '', port = 0 }: { host?: string | undefined; port?: number | undefined },
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const socket = connect({ path: join(host, `.s.PGSQL.${port}`) });
  try {
    const closed = once(socket, 'close', { signal }).then(() => {
      throw Object.assign(new Error('the server has ended'), { code: 'ECONNRESET' });
    });
    await Promise.race([once(socket, 'connect', { signal }), closed]);
    socket.write(tlsRequest);
    const [answer] = (await Promise.race([once(socket, 'data', { signal }), closed])) as [Buffer];
    // Yes or no. The postmaster itself answers by an error if it cannot start a process.
    if (!/^[SN]/.test(answer.toString('latin1'))) {
      throw new HAError('HA_ERR_DATABASE', 'the server starts no process for a new client');
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    socket.on('error', () => {});
    socket.destroy();
  }
}

/** SQLSTATE of a server all of whose connections are taken. */
export const tooManyConnections = '53300';

/** SQLSTATE of a server's error, or the system's code, such as ECONNREFUSED. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Whether the error means that no server runs, or that it is starting or stopping. */
export function isDown(error: unknown): boolean {
  // 57P01 to 57P03: admin shutdown, crash shutdown, cannot connect now.
  const down = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P01', '57P02', '57P03'];
  if (down.includes(codeOf(error))) return true;
  return error instanceof Error && /^Connection terminated|not queryable/.test(error.message);
}
