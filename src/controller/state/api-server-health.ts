import { isHAError } from '../../api/errors.ts';
import type { Clock } from '../../lib/clock.ts';

/**
 * Whether the operator itself can reach the API server. While it cannot, the silence of members proves nothing either: the operator's
 * own network may be cut. Everything that sends requests to the API server reports each answer and each failure here, in any order
 * and as often as they happen. Nothing here throws.
 */
export class ApiServerHealth {
  readonly #clock: Clock;
  readonly #onRestored: () => void;
  #lost = false;
  #lostAt = -Infinity;
  #sinceWallMs: number | undefined;
  #confirmedAt = -Infinity;

  /** @param onRestored Called at once when the API server answers again after a failure. */
  constructor(clock: Clock, onRestored: () => void) {
    this.#clock = clock;
    this.#onRestored = onRestored;
  }

  /** Epoch milliseconds since when the API server can be reached again; undefined if it could always be reached. */
  get sinceWallMs(): number | undefined {
    return this.#sinceWallMs;
  }

  /** Whether it could not be reached at some time after `at` (monotonic milliseconds). */
  lostSince(at: number): boolean {
    return this.#lost || this.#lostAt >= at;
  }

  /**
   * Whether this process may grant leases: the API server has confirmed it as the operator within so many milliseconds. So a process
   * that is cut off stops granting within a known time, which heartbeat/lease.ts relies on.
   */
  mayGrant(withinMs: number): boolean {
    return this.#clock.now() - this.#confirmedAt <= withinMs;
  }

  /**
   * The API server has answered that this process is still the operator.
   *
   * @param askedAt When it was asked, by the monotonic clock.
   */
  confirmed(askedAt: number): void {
    this.#confirmedAt = askedAt;
    this.answered();
  }

  /** The API server has answered a request. */
  answered(): void {
    if (!this.#lost) return;
    this.#lost = false;
    // Until now, and not only until the last request that has failed: what was silent meanwhile need not have been.
    this.#lostAt = this.#clock.now();
    this.#sinceWallMs = this.#clock.wallNow();
    this.#onRestored();
  }

  /** A read has failed. Only a timeout or an unreachable API server counts. */
  failed(error: unknown): void {
    if (isHAError(error, 'HA_ERR_API_TIMEOUT')) this.#noteLoss();
    else this.writeFailed(error);
  }

  /**
   * A write has failed. Only an unreachable API server counts: an admission webhook that hangs delays a write until its time limit,
   * although the API server answers. If it is the API server that hangs, a read of `watchApiServerHealth` fails in that time, too.
   */
  writeFailed(error: unknown): void {
    if (isHAError(error, 'HA_ERR_API_UNREACHABLE')) this.#noteLoss();
  }

  #noteLoss(): void {
    this.#lost = true;
    this.#lostAt = this.#clock.now();
  }
}
