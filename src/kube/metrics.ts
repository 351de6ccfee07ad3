/** Metrics of the client of the API server. Called for every request; must not throw. */
export interface ClientMetrics {
  /** @param code HTTP status, or `<error>` if there was no answer. */
  request(method: string, code: string): void;
}

/** Metrics of a work queue, under client-go's names. Milliseconds. Must not throw. */
export interface WorkQueueMetrics {
  added(): void;
  depth(keys: number): void;
  waited(ms: number): void;
  worked(ms: number): void;
  retried(): void;
}
