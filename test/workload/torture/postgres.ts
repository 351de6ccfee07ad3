import pg from 'pg';
import {
  type ConnectionOptions,
  type Database,
  Refused,
  type Session,
  WrongPassword,
} from './session.ts';
import { connected, openSocket, tlsOptions } from './socket.ts';

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const invalidPassword = '28P01';

const table =
  'CREATE TABLE IF NOT EXISTS torture (run text, client text, n int, PRIMARY KEY (run, client, n))';
const insert = 'INSERT INTO torture VALUES ($1, $2, $3)';
/** Ranges of numbers without a gap, for NumberSet: within a range, a number minus its rank is constant. */
const select = `
  SELECT client, string_agg(first || '-' || last, ',' ORDER BY first) AS numbers FROM (
    SELECT client, min(n) AS first, max(n) AS last FROM (
      SELECT client, n, n - row_number() OVER (PARTITION BY client ORDER BY n) AS stretch
      FROM torture WHERE run = $1 AND client = ANY ($2)
    ) AS numbered GROUP BY client, stretch
  ) AS stretches GROUP BY client`;

export class PostgresDatabase implements Database {
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  async connect(signal: AbortSignal): Promise<Session> {
    const { host, port } = this.#options;
    const socket = openSocket(host, port);
    await connected(socket, signal);
    const abort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const session = new PostgresSession(socket, this.#options);
      await session.open();
      return session;
    } catch (error) {
      socket.destroy();
      const isWrong = error instanceof pg.DatabaseError && error.code === invalidPassword;
      throw isWrong ? new WrongPassword(error.message) : error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async prepare(session: Session): Promise<void> {
    if (session instanceof PostgresSession) await session.createTable();
  }
}

class PostgresSession implements Session {
  answeredBy = '';
  readonly #client: pg.Client;
  readonly #socket: ReturnType<typeof openSocket>;
  readonly #run: string;
  #notice: string | undefined;
  #ended: Error | undefined;

  constructor(socket: ReturnType<typeof openSocket>, { password, run, tls }: ConnectionOptions) {
    this.#run = run;
    this.#socket = socket;
    this.#client = new pg.Client({
      user: 'postgres',
      database: 'postgres',
      password,
      ...(tls && { ssl: tlsOptions(tls) }),
      stream: () => alreadyConnected(socket),
    });
    this.#client.on('error', (error) => (this.#ended ??= error));
    this.#client.on('notice', ({ message }) => (this.#notice = message));
    socket.on('close', () => (this.#ended ??= new Error('closed')));
  }

  async open(): Promise<void> {
    await this.#client.connect();
    const { rows } = await this.#client.query<{ address: string }>(
      'SELECT host(inet_server_addr()) AS address',
    );
    this.answeredBy = rows[0]?.address ?? '';
  }

  async createTable(): Promise<void> {
    await this.#client.query(table);
  }

  /**
   * A commit that waits for its copies and is interrupted (by a shutdown or a cancel) is reported as done, with a warning that it may
   * exist only locally (SyncRepWaitForLSN in PostgreSQL's syncrep.c): that is no acknowledgement.
   */
  async write(client: string, n: number): Promise<void> {
    if (this.#ended !== undefined) throw new Refused(`not sent: ${this.#ended.message}`);
    this.#notice = undefined;
    try {
      await this.#client.query({ name: 'w', text: insert, values: [this.#run, client, n] });
    } catch (error) {
      // After an ERROR, unlike after a FATAL, the transaction has been rolled back and the session continues.
      if (error instanceof pg.DatabaseError && error.severity === 'ERROR') {
        throw new Refused(error.code);
      }
      throw error;
    }
    if (this.#notice !== undefined) throw new Error(this.#notice);
  }

  async read(clients: readonly string[]): Promise<Record<string, string>> {
    const { rows } = await this.#client.query<{ client: string; numbers: string }>(select, [
      this.#run,
      clients,
    ]);
    const found = Object.fromEntries(rows.map(({ client, numbers }) => [client, numbers]));
    return Object.fromEntries(clients.map((client) => [client, found[client] ?? '']));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** pg calls connect() on this socket, and waits for the event. */
function alreadyConnected(socket: ReturnType<typeof openSocket>) {
  socket.connect = () => {
    setImmediate(() => socket.emit('connect'));
    return socket;
  };
  return socket;
}
