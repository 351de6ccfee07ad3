import type { Earlier } from '../../heartbeat/grants.ts';
import type { Lease } from '../../kube/api-types.ts';
import type { Clock } from '../../lib/clock.ts';
import { holderOf, termOf, versionOf } from './lease-record.ts';

/** A standby takes a Lease over that it has seen without a change for so long. Milliseconds. */
const lapseMs = 2_000;

/** What a standby has seen of the Lease. Times are milliseconds of the clock's now(). */
export class LeaseView {
  readonly #clock: Clock;
  readonly #instance: string;
  /** Of the Lease; undefined: it is missing. */
  version: string | undefined;
  /** Who holds it; if it is missing, who held it last. */
  holder: string | undefined;
  /** A holder whose end is proved. */
  ended: string | undefined;
  /** Since when the Lease is as it was last seen. */
  #at: number;
  /** Its last term, and since when this process has seen that: no earlier holder was confirmed after that. */
  #term: { name: string; since: number };

  /** @param instance Name of the pod of this process. */
  constructor(clock: Clock, instance: string) {
    this.#clock = clock;
    this.#instance = instance;
    this.#at = clock.now();
    this.#term = { name: '', since: this.#at };
  }

  /** The Lease, as the watch or a read shows it. */
  see(lease: Lease | undefined): void {
    this.#at = this.#clock.now();
    this.version = lease && versionOf(lease);
    if (lease === undefined) return;
    this.holder = holderOf(lease);
    const name = termOf(lease, this.#term.name);
    if (name !== this.#term.name) this.#term = { name, since: this.#at };
  }

  /** The API server did not answer this process: it was silent for the holder as well, perhaps, which has the whole time again to renew. */
  restart(): void {
    this.#at = this.#clock.now();
  }

  /** Nobody holds the Lease, or only a process that has certainly ended. */
  get isFree(): boolean {
    const { holder } = this;
    // A container begins when the one before it in its pod has ended.
    return holder === undefined || holder === this.ended || holder.startsWith(`${this.#instance}_`);
  }

  /** Milliseconds for which it was not changed. */
  get unchangedMs(): number {
    return this.#clock.now() - this.#at;
  }

  /** Milliseconds until a standby may take it, as far as it knows. */
  get waitMs(): number {
    return this.isFree ? 0 : Math.max(0, lapseMs - this.unchangedMs);
  }

  /** Until when earlier holders may have been confirmed, if nobody has changed the Lease since it was last seen. */
  get earlier(): Earlier {
    return {
      until: this.#at,
      isHandedOver: this.holder === undefined,
      othersUntil: this.#term.since,
    };
  }
}
