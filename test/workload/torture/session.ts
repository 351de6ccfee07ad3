/** One connection to a database. A call that throws Refused was surely not done; after any other error it may have been. */
export interface Session {
  /** Address of who is at the other end, as the server itself knows it: behind a Service there is no telling from here. */
  readonly who: string;
  /** Resolves when it is acknowledged as the consistency asks for. */
  write(client: string, n: number): Promise<void>;
  /** The numbers of each of these clients, as NumberSet writes them. */
  read(clients: readonly string[]): Promise<Record<string, string>>;
  /** Ends it at once, with whatever is under way on it. */
  close(): void;
}

export interface Database {
  /** @throws Error where there is no connection; nothing was written then. The signal ends the attempt. */
  connect(signal: AbortSignal): Promise<Session>;
  /** Once, before the first run: whatever must be there for writes. */
  prepare?(session: Session): Promise<void>;
  /** A connection or a write has failed: whoever must look for the database may look again. */
  failed?(): void;
}

/** The server said no, or never heard of it. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What the sessions need to know. All of one run use the same. */
export interface DatabaseOptions {
  engine: 'redis' | 'postgres' | 'http';
  host: string;
  port: number;
  /** Redis: how many copies must have a write before it counts as acknowledged; 0: none. The others see to it themselves. */
  acks: number;
  /** Redis: how long to wait for the copies. Milliseconds. */
  ackMs: number;
  /** Whose numbers these are: earlier runs have left theirs behind. */
  run: string;
  password?: string | undefined;
}
