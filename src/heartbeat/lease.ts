/**
 * When a leader without a quorum has certainly stopped by itself. For its agent a lease begins when the agent issues the nonce that
 * the grant names, so that the lease ends before `ms` have passed since the operator received that nonce. Both sides use monotonic
 * clocks of their own: their times are never compared, only their rates matter. All in milliseconds.
 */

/**
 * How much faster one machine's clock may run than another's. NTP slews by 500 ppm at most (adjtimex(2)), and crystals deviate
 * by about 100 ppm: one percent is far more.
 */
const drift = 1.01;
/** Time for an agent to notice the end of its lease, and to end its program by SIGKILL. */
const marginMs = 50;
/** The operator sends a request to the API server every five seconds, and waits up to three for the answer. */
const leastWindowMs = 10_000;

/** The time on the operator's clock after which `ms` on an agent's clock have certainly passed. */
export const surelyPassedMs = (ms: number): number => ms * drift + marginMs;

/** Leases are granted only if the API server has confirmed the operator within this time: one that is cut off for longer grants none. */
export const grantWindowMs = (leaseMs: number): number => Math.max(leaseMs, leastWindowMs);
