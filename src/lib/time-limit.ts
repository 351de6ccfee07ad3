/** Longer limits than this are of no use for a call, and a timer cannot hold much longer ones. Milliseconds. */
const longestMs = 3_600_000;

/** A signal that aborts after so many milliseconds: `AbortSignal.timeout` throws for fractions and for what no timer can hold. */
export const timeLimit = (ms: number): AbortSignal =>
  AbortSignal.timeout(Math.min(Math.max(1, Math.ceil(ms)), longestMs));
