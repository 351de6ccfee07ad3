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

export interface Granted {
  now: number;
  leaseMs: number;
  /** When this process was started. */
  startedAt: number;
  /** End of the last lease that this process has granted to the member. */
  endsAt?: number | undefined;
  /** This process has created the pod, so that no other can have granted it a lease. */
  isOwn: boolean;
}

/**
 * How long from now until every lease of a member has certainly ended; 0 if it has. This process does not know the leases of the
 * operator's last process: that one may have reached the API server until this one was started, may have granted leases for the
 * window after that, and a whole lease at its end.
 */
export function leaseEndsInMs({ now, leaseMs, startedAt, endsAt, isOwn }: Granted): number {
  const inheritedUntil = isOwn
    ? -Infinity
    : startedAt + surelyPassedMs(grantWindowMs(leaseMs) + leaseMs);
  return Math.max(0, Math.max(endsAt ?? -Infinity, inheritedUntil) - now);
}
