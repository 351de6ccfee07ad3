/** One connection to a database. If a call throws Refused, it was surely not done; after any other error it may have been. */
export interface Session {
  /** Address of the server, as the server itself reports it: behind a Service the client cannot know it. */
  readonly answeredBy: string;
  /** Resolves once the write is acknowledged with the required consistency. */
  write(client: string, n: number): Promise<void>;
  /** The numbers of each of these clients, in the format of NumberSet. */
  read(clients: readonly string[]): Promise<Record<string, string>>;
  /** Ends it at once; pending calls fail. */
  close(): void;
}

export interface Database {
  /** @throws Error if there is no connection; nothing was written then. The signal ends the attempt. */
  connect(signal: AbortSignal): Promise<Session>;
  /** Called once before the first run: creates what writes need. */
  prepare?(session: Session): Promise<void>;
  /** A connection or a write has failed: an implementation that looks up the database may do so again. */
  failed?(): void;
}

/** The server has refused the call, or the call was never sent. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** The password is another one than the server's. */
export class WrongPassword extends Error {
  override readonly name = 'WrongPassword';
}

/** Options of the sessions. All of one run use the same. */
interface SessionOptions {
  host: string;
  port: number;
  /** Redis: how many copies must have a write until it counts as acknowledged; 0: none. The other engines wait by themselves. */
  acks: number;
  /** Redis: how long to wait for the copies. Milliseconds. */
  ackMs: number;
  /** Run to which the numbers belong: earlier runs have left theirs. */
  run: string;
  /** Absent: the server has no certificate. */
  tls?: TlsOptions;
}

export interface TlsOptions {
  /** PEM. */
  authority: string;
  /** Serial numbers of the certificates that the server may show. */
  serials: readonly string[];
}

export interface ConnectionOptions extends SessionOptions {
  password?: string | undefined;
}

export interface DatabaseOptions extends SessionOptions {
  engine: 'redis' | 'postgres' | 'http';
  /** All that may be right, as the password may change during a run. Absent: that of the client's environment, if there is one. */
  passwords?: readonly string[];
}
