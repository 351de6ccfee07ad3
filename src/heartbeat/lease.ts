/**
 * When a leader without a quorum has surely ended by itself. Its agent counts a lease from the moment at which it issued the
 * nonce that the grant names, so that the lease ends before `ms` have passed since the operator received that nonce. Both
 * sides count on monotonic clocks of their own, which are never compared, only their rates are. All in milliseconds.
 */

/**
 * How much faster one machine's clock may run than another's. NTP slews by 500 ppm at most (adjtimex(2)), and crystals are
 * off by some 100 ppm: one percent is far more.
 */
const drift = 1.01;
/** For an agent to notice that its lease has run out, and to end its program by SIGKILL. */
const marginMs = 50;
/** The operator asks the API server every five seconds whether it is there, and waits three for the answer. */
const leastWindowMs = 10_000;

/** After what time on the operator's clock `ms` on an agent's have surely passed. */
export const surelyPassedMs = (ms: number): number => ms * drift + marginMs;

/** Time is granted only while the API server was heard within this: an operator that is cut off for longer stops. */
export const grantWindowMs = (leaseMs: number): number => Math.max(leaseMs, leastWindowMs);

export interface Granted {
  now: number;
  leaseMs: number;
  /** When this process was started. */
  startedAt: number;
  /** End of the last lease that this process has granted to the member. */
  endsAt?: number | undefined;
  /** Only this process can have granted it anything: its pod was made by it. */
  isOwn: boolean;
}

/**
 * How long from now until each lease of a member has surely ended; 0 where it has. What the operator's last process has
 * granted is not known to this one: it may have heard the API server until this one was started, have gone on for the
 * window, and granted a whole lease at the end of that.
 */
export function leaseEndsInMs({ now, leaseMs, startedAt, endsAt, isOwn }: Granted): number {
  const inheritedUntil = isOwn
    ? -Infinity
    : startedAt + surelyPassedMs(grantWindowMs(leaseMs) + leaseMs);
  return Math.max(0, Math.max(endsAt ?? -Infinity, inheritedUntil) - now);
}
