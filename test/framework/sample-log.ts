import type { Sample } from './sample.ts';

/** Samples are reported nearly in the order of their ends: none comes later than this after a younger one. */
const disorderMs = 5_000;

/** What one client has seen so far. */
export class SampleLog {
  readonly #samples: Sample[] = [];
  readonly #waiting = new Set<{ sentAt: number; resolve: () => void }>();
  #ok = 0;
  #failed = 0;

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (sample.ok) this.#ok += 1;
    else this.#failed += 1;
    for (const waiter of this.#waiting) {
      if (sample.sentAt < waiter.sentAt) continue;
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  get ok(): number {
    return this.#ok;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Samples that ended at or after `at`, in the order in which they were reported. */
  since(at: number): Sample[] {
    let first = this.#samples.length;
    while (first > 0 && (this.#samples[first - 1]?.endedAt ?? 0) >= at - disorderMs) first -= 1;
    return this.#samples.slice(first).filter(({ endedAt }) => endedAt >= at);
  }

  /** Resolves when a request that was sent at or after `sentAt` has ended and been reported. */
  reached(sentAt: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => {
        this.#waiting.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter = {
        sentAt,
        resolve: () => {
          signal.removeEventListener('abort', fail);
          resolve();
        },
      };
      signal.addEventListener('abort', fail, { once: true });
      this.#waiting.add(waiter);
      if (signal.aborted) fail();
    });
  }
}
