import type { Clock } from '../lib/clock.ts';
import { grantWindowMs, surelyPassedMs } from './lease.ts';

/** A lease that another process has granted has ended by then in any case, so that it need not be known who created a pod. */
const inheritanceMs = 3_600_000;

/** The processes that acted before this one. Times are monotonic milliseconds. */
export interface Earlier {
  /** The API server has confirmed none of them after that. */
  until: number;
  /** The last of them has ended its grants by then, and has said so. */
  isHandedOver: boolean;
  /** The API server has confirmed none of the others after that. Not later than `until`. */
  othersUntil: number;
}

/** The leases that leaders were granted, by UID of the pod. They are kept if the pod is gone from the API: its program may still run. */
export class Grants {
  readonly #clock: Clock;
  readonly #mayGrant: (withinMs: number) => boolean;
  #earlier: Earlier;
  readonly #endsAt = new Map<string, number>();
  /** Pods that this process has created since it acts. */
  readonly #own = new Set<string>();
  /** Primaries that an earlier process has begun to fence, with the epoch of the fence, and when this process has seen that. */
  readonly #fenced = new Map<string, { epoch: number; at: number }>();

  /** @param mayGrant Whether the API server has confirmed this operator within so many milliseconds. */
  constructor(clock: Clock, mayGrant: (withinMs: number) => boolean) {
    this.#clock = clock;
    this.#mayGrant = mayGrant;
    const now = clock.now();
    this.#earlier = { until: now, isHandedOver: false, othersUntil: now };
  }

  /** This process acts from now on, and grants leases. */
  takenOver(earlier: Earlier): void {
    this.#earlier = earlier;
    this.#own.clear();
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

  /** Milliseconds from now until every lease that this process or another one has granted to the pod has certainly ended. */
  endsInMs(uid: string, leaseMs: number): number {
    const endsAt = this.#endsAt.get(uid) ?? -Infinity;
    const earlier = this.#own.has(uid) ? -Infinity : this.#earlierEndsAt(uid, leaseMs);
    return Math.max(0, Math.max(endsAt, earlier) - this.#clock.now());
  }

  /**
   * This process does not know the leases of an earlier one. That one may have granted some for the window after the API server has last
   * confirmed it, and a whole lease at the end of that. The last one has granted none after it has handed over, or has sent the status in
   * which the member is being fenced; but one before it, which is cut off, need not know of that.
   */
  #earlierEndsAt(uid: string, leaseMs: number): number {
    const { until, isHandedOver, othersUntil } = this.#earlier;
    const whole = surelyPassedMs(grantWindowMs(leaseMs) + leaseMs);
    const fencedAt = this.#fenced.get(uid)?.at ?? Infinity;
    const lastGrantAt = Math.min(isHandedOver ? until : Infinity, fencedAt);
    const lastEndsAt = Math.min(until + whole, lastGrantAt + surelyPassedMs(leaseMs));
    return Math.max(lastEndsAt, othersUntil + whole);
  }

  /** This process, which acts, has created the pod: no other process can have granted it a lease. */
  podCreated(uid: string): void {
    if (this.#clock.now() < this.#earlier.until + inheritanceMs) this.#own.add(uid);
    else this.#own.clear();
  }

  /**
   * The status says that the member is being fenced in this epoch; undefined: it is not. To be called as soon as the status is seen.
   *
   * @param isOwn This process has written that status. If it has begun the fence, too, an earlier one need not know of it, and may grant on.
   */
  fencing(uid: string, epoch: number | undefined, isOwn: boolean): void {
    if (this.#fenced.get(uid)?.epoch === epoch) return;
    if (epoch === undefined || isOwn) this.#fenced.delete(uid);
    else this.#fenced.set(uid, { epoch, at: this.#clock.now() });
  }

  /** Frees the memory of leases that have ended. */
  forgetEnded(): void {
    const now = this.#clock.now();
    for (const [uid, endsAt] of this.#endsAt) if (endsAt < now) this.#endsAt.delete(uid);
    for (const [uid, { at }] of this.#fenced) {
      if (at + inheritanceMs < now) this.#fenced.delete(uid);
    }
  }
}
