import { HAError } from '../api/errors.ts';
import type { Clock } from '../lib/clock.ts';

export interface LeaseOptions {
  clock: Clock;
  /** The most time that one grant gives: config.leaseMs. */
  maxMs: number;
  /** Identifies this run of the agent in its nonces; nonces of another run are ignored. */
  run: string;
  /** The lease is over: end the program now, whatever it does. Called once. */
  onOver: () => void;
  /** The end of the lease has moved; undefined: no lease is in force, as the member does not lead. */
  onChange?: (end: number | undefined) => void;
}

/** How much earlier than granted the lease ends, to absorb a late timer: share of the lease, and milliseconds. */
const earlyShare = 0.05;
const mostEarlyMs = 250;

/**
 * Limits how long a leader may lead without hearing from the operator, for programs whose followers cannot stop it.
 *
 * The arithmetic. Each report carries a nonce, which holds the time when it was issued, on this agent's monotonic clock. The
 * operator grants `ms` by naming the nonce; the lease then ends at
 *
 *     end = max(end, issued + min(ms, maxMs) - early)
 *
 * The operator received that report at a time r of its own clock, before it sent the grant:  issued <= r. So however late the
 * grant arrives (it may lie in a queue for an hour), the leader ends at r + ms at the latest, a bound that needs no knowledge of
 * the network. The operator's side (src/heartbeat/lease.ts) adds a margin for two clocks that run at different speeds (one
 * percent) and for lateness (50 ms), and counts every grant that it has sent, answered or not. A promotion needs a grant for the
 * same reason: an order without one could lie in a queue and later begin a leadership for which the operator has no bound.
 *
 * Lateness is the time from the end of the lease until SIGKILL has reached the program. Here it is the lateness of a timer:
 * some milliseconds, more on a machine that has no free processor; `early` absorbs it.
 * - If the agent is blocked (nothing reads its log) or stopped alone, the watchdog, a process of its own, ends the program in
 *   time (watchdog-process.ts).
 * - If all processes of the container are stopped together and continued after the end (SIGSTOP, the cgroup freezer, a paused
 *   virtual machine), the program runs again at the same moment as agent and watchdog, and can answer requests from its sockets
 *   until one of them has run: some milliseconds. Nothing outside of the kernel or the program can do better; a program that
 *   must not answer even then compares HASERVICE_EPOCH with its clients' or replicates to a quorum.
 * - Suspend to memory, and most virtual machines while they are paused, stop CLOCK_MONOTONIC itself: the lease is then longer
 *   by that pause. Do not suspend the nodes of a cluster, or let the hypervisor report them as dead.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #earlyMs: number;
  #end: number | undefined;
  /** End of the newest grant that came while no lease was in force: the operator has counted that one, too. */
  #offeredEnd = -Infinity;
  #isOver = false;
  #cancel = () => {};

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#earlyMs = Math.min(mostEarlyMs, options.maxMs * earlyShare);
  }

  /** A nonce for a report that is sent now: holds the time in microseconds. */
  issue(): string {
    // Rounded down: a lease may be shorter than granted, never longer.
    return `${this.#options.run}.${Math.floor(this.#options.clock.now() * 1_000)}`;
  }

  /** Whether this run of the agent has issued the nonce. */
  isOwn(nonce: string): boolean {
    return nonce.startsWith(`${this.#options.run}.`);
  }

  /** Whether the member may lead by this grant, or by a lease that is in force. */
  isGood(grant: string | undefined): boolean {
    if (this.isOver()) return false;
    if (this.#end !== undefined) return true;
    return this.#newestEnd(grant) > this.#options.clock.now();
  }

  /**
   * Starts or extends the lease. Called before the engine is told to promote. A promotion may have waited for the end of an earlier
   * order: the lease begins with the newest grant that has come in this time, as the promotion's own may be about to expire.
   * @throws HAError HA_ERR_LEASE_OVER if every grant is invalid or has expired. Nothing has changed then.
   */
  begin(grant: string | undefined): void {
    if (!this.isGood(grant)) throw new HAError('HA_ERR_LEASE_OVER', 'the promotion came too late');
    this.#extend(this.#newestEnd(grant));
  }

  /** Extends a lease that is in force. If none is, the next one begins with this grant. */
  grant(grant: string): void {
    if (this.isOver()) return;
    const end = this.#newestEnd(grant);
    if (this.#end === undefined) this.#offeredEnd = end;
    else this.#extend(end);
  }

  /** Ends the lease. Called once the program surely takes no more writes. */
  end(): void {
    if (this.isOver()) return;
    this.#cancel();
    this.#end = undefined;
    this.#options.onChange?.(undefined);
  }

  /** Whether the time has run out. Reads the clock, as the timer may be late. */
  isOver(): boolean {
    if (this.#end !== undefined && !this.#isOver && this.#options.clock.now() >= this.#end) {
      this.#isOver = true;
      this.#cancel();
      this.#options.onOver();
    }
    return this.#isOver;
  }

  #extend(end: number): void {
    if (this.#end !== undefined && end <= this.#end) return;
    this.#end = end;
    this.#watch();
    this.#options.onChange?.(end);
  }

  #watch(): void {
    if (this.#end === undefined || this.#isOver) return;
    const { clock } = this.#options;
    this.#cancel();
    // Node's timers may fire a millisecond early.
    this.#cancel = clock.after(Math.max(this.#end - clock.now(), 1), () => {
      if (!this.isOver()) this.#watch();
    });
  }

  /** -Infinity: there is none. */
  #newestEnd(grant: string | undefined): number {
    return Math.max(this.#endOf(grant) ?? -Infinity, this.#offeredEnd);
  }

  /** `<nonce> <milliseconds>`; undefined if this run of the agent has not issued the nonce. */
  #endOf(grant: string | undefined): number | undefined {
    const { clock, maxMs, run } = this.#options;
    const match = /^([\w-]+)\.(\d{1,16}) (\d{1,9})$/.exec(grant?.trim() ?? '');
    if (match?.[1] !== run) return undefined;
    const issued = Number(match[2]) / 1_000;
    return issued > clock.now()
      ? undefined
      : issued + Math.min(Number(match[3]), maxMs) - this.#earlyMs;
  }
}
