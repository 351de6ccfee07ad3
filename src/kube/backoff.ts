/**
 * Exponential backoff with full jitter: a random time up to the doubled bound. Source: Brooker, "Exponential Backoff And
 * Jitter", AWS Architecture Blog, 2015; the bounds are client-go's reflector's.
 */
export class Backoff {
  readonly #random: () => number;
  readonly #firstMs: number;
  readonly #lastMs: number;
  #failures = 0;

  constructor(random: () => number, bounds: { firstMs?: number; lastMs?: number } = {}) {
    this.#random = random;
    this.#firstMs = bounds.firstMs ?? 800;
    this.#lastMs = bounds.lastMs ?? 30_000;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const bound = Math.min(this.#lastMs, this.#firstMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    return this.#random() * bound;
  }

  reset(): void {
    this.#failures = 0;
  }
}
