import type { Clock } from '../lib/clock.ts';
import { grantWindowMs, leaseEndsInMs, surelyPassedMs } from './lease.ts';

/** After this nobody asks any more what the process before this one may have granted. */
const inheritanceMs = 3_600_000;

/** What leaders were granted, by UID of the pod. Kept when the pod is gone from view: its program may run on. */
export class Grants {
  readonly #clock: Clock;
  readonly #mayGrant: (withinMs: number) => boolean;
  readonly #startedAt: number;
  readonly #endsAt = new Map<string, number>();
  /** Pods that this process has made. */
  readonly #own = new Set<string>();

  /** @param mayGrant Whether the API server was heard within so many milliseconds. */
  constructor(clock: Clock, mayGrant: (withinMs: number) => boolean) {
    this.#clock = clock;
    this.#mayGrant = mayGrant;
    this.#startedAt = clock.now();
  }

  /**
   * Grants a lease that counts from a report of the member. To be called when it is about to be sent.
   *
   * @param heardAt When that report came, by the monotonic clock.
   * @returns The header's value, or undefined where nothing may be granted now.
   */
  grant(uid: string, nonce: string, receivedAt: number, leaseMs: number): string | undefined {
    if (!this.#mayGrant(grantWindowMs(leaseMs))) return undefined;
    const endsAt = receivedAt + surelyPassedMs(leaseMs);
    this.#endsAt.set(uid, Math.max(endsAt, this.#endsAt.get(uid) ?? -Infinity));
    return `${nonce} ${Math.floor(leaseMs)}`;
  }

  /** Milliseconds from now until each lease that this process, or one before it, has granted has surely ended. */
  endsInMs(uid: string, leaseMs: number): number {
    return leaseEndsInMs({
      now: this.#clock.now(),
      leaseMs,
      startedAt: this.#startedAt,
      endsAt: this.#endsAt.get(uid),
      isOwn: this.#own.has(uid),
    });
  }

  /** This process has made a pod: no other can have granted it anything. */
  podCreated(uid: string): void {
    if (this.#clock.now() < this.#startedAt + inheritanceMs) this.#own.add(uid);
    else this.#own.clear();
  }

  forgetEnded(): void {
    const now = this.#clock.now();
    for (const [uid, endsAt] of this.#endsAt) if (endsAt < now) this.#endsAt.delete(uid);
  }
}
