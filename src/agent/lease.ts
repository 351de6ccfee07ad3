import { HAError } from '../api/errors.ts';
import type { Clock } from '../lib/clock.ts';

export interface LeaseOptions {
  clock: Clock;
  /** The most that one grant gives: config.leaseMs. */
  maxMs: number;
  /** Names this run of the agent in its nonces; those of another run count for nothing. */
  run: string;
  /** The time is over: end the program now, whatever it does. Called once. */
  onOver: () => void;
  /** The end of the lease has moved; undefined: none is in force, as it does not lead. */
  onChange?: (end: number | undefined) => void;
}

/** How much earlier than granted it ends, so that a late timer does not end it too late: share of the lease, milliseconds. */
const earlyShare = 0.05;
const mostEarlyMs = 250;

/**
 * How long a leader may go on that hears nothing from the operator, for programs whose followers cannot stop it.
 *
 * The arithmetic. Each report carries a nonce, which says when it was issued, on this agent's monotonic clock. The operator
 * grants `ms` by naming the nonce; the lease then ends at
 *
 *     end = max(end, issued + min(ms, maxMs) - early)
 *
 * The operator received that report at a time r of its own clock, before it sent the grant:  issued <= r. So however late the grant
 * arrives (it may lie in a queue for an hour), the leader ends at r + ms at the latest, a bound that needs no knowledge of the
 * network. What is left is that two clocks do not run equally fast (one percent is counted), and lateness (50 ms are): see
 * core/lease.ts, the operator's side, which counts every grant that it has sent, whether or not it was answered. A promotion needs
 * a grant, too, for the same reason: an order without one could lie in a queue and, when it comes, begin a leadership that the
 * operator has no bound for.
 *
 * Lateness, that is what is left open: from the end of the lease until SIGKILL has reached the program. Here it is the lateness of
 * a timer: some milliseconds, more on a machine that has no processor free; `early` is there to take that up.
 * - Agent blocked (its log is not read) or stopped alone: the guard, a process of its own, ends the program in time (guard.ts).
 * - All processes of the container stopped together and continued after the end (SIGSTOP, the cgroup freezer, a paused virtual
 *   machine): the program runs again at the same moment as agent and guard, and can answer what lay in its sockets until one
 *   of them has run, which is a matter of milliseconds. Nothing outside of the kernel or of the program can do better; a
 *   program that must not answer even then compares HASERVICE_EPOCH with its clients' or replicates to a quorum.
 * - Suspend to memory, and most virtual machines while they are paused, stop CLOCK_MONOTONIC itself: the lease is then longer
 *   by that pause. Do not suspend the nodes of a cluster, or let the hypervisor tell that they are dead.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #earlyMs: number;
  #end: number | undefined;
  #isOver = false;
  #cancel = () => {};

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#earlyMs = Math.min(mostEarlyMs, options.maxMs * earlyShare);
  }

  /** A nonce for a report that is sent now: in microseconds. */
  issue(): string {
    // Rounded down: a lease may be shorter than was granted, never longer.
    return `${this.#options.run}.${Math.floor(this.#options.clock.now() * 1_000)}`;
  }

  /** Whether this run of the agent has issued it. */
  isOwn(nonce: string): boolean {
    return nonce.startsWith(`${this.#options.run}.`);
  }

  /** Whether it may lead by this grant, or by one that is in force. */
  isGood(grant: string | undefined): boolean {
    if (this.isOver()) return false;
    if (this.#end !== undefined) return true;
    const end = grant === undefined ? undefined : this.#endOf(grant);
    return end !== undefined && end > this.#options.clock.now();
  }

  /**
   * Lets it lead for that long, or longer. Call it before the program is told to.
   * @throws HAError HA_ERR_LEASE_OVER where the grant is no good, or not any more. Nothing has changed then.
   */
  begin(grant: string | undefined): void {
    if (!this.isGood(grant)) throw new HAError('HA_ERR_LEASE_OVER', 'the promotion came too late');
    const end = grant === undefined ? undefined : this.#endOf(grant);
    if (end !== undefined) this.#extend(end);
  }

  /** More time for one that leads; where none is in force it is nobody's. */
  grant(grant: string): void {
    if (this.isOver() || this.#end === undefined) return;
    const end = this.#endOf(grant);
    if (end !== undefined) this.#extend(end);
  }

  /** It surely takes no writes any more. */
  end(): void {
    if (this.isOver()) return;
    this.#cancel();
    this.#end = undefined;
    this.#options.onChange?.(undefined);
  }

  /** Whether the time has run out; looks at the clock, as the timer may be late. */
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

  /** `<nonce> <milliseconds>`; undefined where it says nothing that this run of the agent has said. */
  #endOf(grant: string): number | undefined {
    const { clock, maxMs, run } = this.#options;
    const match = /^([\w-]+)\.(\d{1,16}) (\d{1,9})$/.exec(grant.trim());
    if (match?.[1] !== run) return undefined;
    const issued = Number(match[2]) / 1_000;
    return issued > clock.now()
      ? undefined
      : issued + Math.min(Number(match[3]), maxMs) - this.#earlyMs;
  }
}
