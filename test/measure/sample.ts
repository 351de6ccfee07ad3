/** `new`: each request opens a connection of its own; `kept`: one connection is used as long as it lives. */
export type Connection = 'new' | 'kept';

/** One request of the client. Times in milliseconds since the Unix epoch: all clocks are this machine's. */
export interface Sample {
  connection: Connection;
  sentAt: number;
  /** When it was answered, refused, or given up. */
  endedAt: number;
  ok: boolean;
}
