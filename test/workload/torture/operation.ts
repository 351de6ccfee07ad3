import type { Connection } from '../client/report.ts';

/** One operation of a client. Written as one line of JSON; absent fields are left out. */
export interface Operation {
  k: Connection;
  /**
   * A write: its number. Each client counts its own and never uses one twice, whatever the outcome.
   * A read has none.
   */
  n?: number;
  /** A read: the numbers of each client that it found, in the format of NumberSet. */
  seen?: Record<string, string>;
  /**
   * When it was sent and when it ended, in milliseconds of the machine's monotonic clock: all pods of the local cluster share it, so
   * that the times of all clients can be compared.
   */
  t: [sent: number, ended: number];
  /**
   * ok: acknowledged, with the required consistency. failed: refused, and surely never done. unknown: anything else; it may be done
   * at any time after it was sent.
   */
  outcome: 'ok' | 'failed' | 'unknown';
  /** Address or name of the member that answered, as the member itself reports it. */
  answeredBy?: string;
  /** What went wrong. */
  e?: string;
}
