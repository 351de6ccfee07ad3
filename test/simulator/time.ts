/** The real time at which the model begins. Milliseconds since the Unix epoch. */
export const t0 = Date.parse('2026-01-01T00:00:00Z');

/** As the API server writes times. */
export const timestamp = (wallMs: number): string =>
  `${new Date(wallMs).toISOString().slice(0, 19)}Z`;
