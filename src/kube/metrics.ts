/** What the client of the API server reports. */
export interface ClientMetrics {
  /** @param code HTTP status, or `<error>` where there was no answer. */
  request(method: string, code: string): void;
}

/** What a work queue reports, under client-go's names. Milliseconds. */
export interface WorkQueueMetrics {
  added(): void;
  depth(keys: number): void;
  waited(ms: number): void;
  worked(ms: number): void;
  retried(): void;
}
