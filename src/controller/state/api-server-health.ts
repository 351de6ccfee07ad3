import { isHAError } from '../../api/errors.ts';
import type { Clock } from '../../lib/clock.ts';

export const isConnectionError = (error: unknown): boolean =>
  isHAError(error, 'HA_ERR_API_TIMEOUT') || isHAError(error, 'HA_ERR_API_UNREACHABLE');

/**
 * Whether the operator itself is connected. While it cannot reach the API server its ears are worth nothing either: the
 * cut may be its own. Called by everything that talks to the API server.
 */
export class ApiServerHealth {
  readonly #clock: Clock;
  readonly #onRestored: () => void;
  #lost = false;
  #lostAt = -Infinity;
  #sinceWallMs: number | undefined;
  #confirmedAt = -Infinity;

  constructor(clock: Clock, onRestored: () => void) {
    this.#clock = clock;
    this.#onRestored = onRestored;
  }

  /** Epoch milliseconds since when the API server is reachable again; undefined where it was never lost. */
  get sinceWallMs(): number | undefined {
    return this.#sinceWallMs;
  }

  /** Whether it was lost after `at` (monotonic milliseconds). */
  lostSince(at: number): boolean {
    return this.#lost || this.#lostAt >= at;
  }

  /**
   * Whether this process may grant leaders time: it was confirmed within so many milliseconds. So one that is cut off ends
   * its grants in bounded time, as core/lease.ts reckons.
   */
  mayGrant(withinMs: number): boolean {
    return this.#clock.now() - this.#confirmedAt <= withinMs;
  }

  /**
   * The API server has answered that this process is the operator.
   *
   * @param askedAt When it was asked, by the monotonic clock.
   */
  confirmed(askedAt: number): void {
    this.#confirmedAt = askedAt;
    this.answered();
  }

  answered(): void {
    if (!this.#lost) return;
    this.#lost = false;
    this.#sinceWallMs = this.#clock.wallNow();
    this.#onRestored();
  }

  failed(error: unknown): void {
    if (!isConnectionError(error)) return;
    this.#lost = true;
    this.#lostAt = this.#clock.now();
  }
}
