import type { Connection } from '../client/report.ts';

/** What a client did once. Written as one line of JSON; absent fields are left out. */
export interface Operation {
  k: Connection;
  /**
   * A write: its number. Each client counts its own and never uses one twice, whatever became of it.
   * A read has none.
   */
  n?: number;
  /** A read: the numbers of each client that were there, as NumberSet writes them. */
  seen?: Record<string, string>;
  /**
   * When it was sent and when it had ended, in milliseconds of the machine's monotonic clock: all pods of the local cluster
   * have the same one, so that the times of all clients can be compared.
   */
  t: [sent: number, ended: number];
  /**
   * ok: acknowledged, as the consistency asks for. failed: refused, and surely never done. unknown: anything else;
   * it may be done at any time after it was sent.
   */
  outcome: 'ok' | 'failed' | 'unknown';
  /** The address or name of who answered, as the server itself knows it. */
  who?: string;
  /** What went wrong. */
  e?: string;
}
