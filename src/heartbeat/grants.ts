import type { Clock } from '../lib/clock.ts';
import { grantWindowMs, leaseEndsInMs, surelyPassedMs } from './lease.ts';

/** A lease that an earlier process has granted has ended by then in any case, so that it need not be known who created a pod. */
const inheritanceMs = 3_600_000;

/** The leases that leaders were granted, by UID of the pod. They are kept if the pod is gone from the API: its program may still run. */
export class Grants {
  readonly #clock: Clock;
  readonly #mayGrant: (withinMs: number) => boolean;
  readonly #startedAt: number;
  readonly #endsAt = new Map<string, number>();
  /** Pods that this process has created. */
  readonly #own = new Set<string>();

  /** @param mayGrant Whether the API server has confirmed this operator within so many milliseconds. */
  constructor(clock: Clock, mayGrant: (withinMs: number) => boolean) {
    this.#clock = clock;
    this.#mayGrant = mayGrant;
    this.#startedAt = clock.now();
  }

  /**
   * Grants a lease that begins with a report of the member. To be called immediately before it is sent; may be repeated.
   *
   * @param receivedAt When the report was received, by the monotonic clock.
   * @returns The header's value, or undefined if nothing may be granted now.
   */
  grant(uid: string, nonce: string, receivedAt: number, leaseMs: number): string | undefined {
    if (!this.#mayGrant(grantWindowMs(leaseMs))) return undefined;
    const endsAt = receivedAt + surelyPassedMs(leaseMs);
    this.#endsAt.set(uid, Math.max(endsAt, this.#endsAt.get(uid) ?? -Infinity));
    return `${nonce} ${Math.floor(leaseMs)}`;
  }

  /** Milliseconds from now until every lease that this process or an earlier one has granted to the pod has certainly ended. */
  endsInMs(uid: string, leaseMs: number): number {
    return leaseEndsInMs({
      now: this.#clock.now(),
      leaseMs,
      startedAt: this.#startedAt,
      endsAt: this.#endsAt.get(uid),
      isOwn: this.#own.has(uid),
    });
  }

  /** This process has created the pod: no other process can have granted it a lease. */
  podCreated(uid: string): void {
    if (this.#clock.now() < this.#startedAt + inheritanceMs) this.#own.add(uid);
    else this.#own.clear();
  }

  /** Frees the memory of leases that have ended. */
  forgetEnded(): void {
    const now = this.#clock.now();
    for (const [uid, endsAt] of this.#endsAt) if (endsAt < now) this.#endsAt.delete(uid);
  }
}
