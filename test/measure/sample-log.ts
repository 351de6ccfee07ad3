import type { Sample } from './sample.ts';

/** What one client has seen so far. */
export class SampleLog {
  readonly #samples: Sample[] = [];
  #ok = 0;
  #failed = 0;

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (sample.ok) this.#ok += 1;
    else this.#failed += 1;
  }

  get ok(): number {
    return this.#ok;
  }

  get failed(): number {
    return this.#failed;
  }

  /**
   * Samples that ended at or after `at`, in the order in which they were reported. They come in nearly in the order of
   * their ends: whoever ended 5 s earlier than its neighbours is not looked for.
   */
  since(at: number): Sample[] {
    let first = this.#samples.length;
    while (first > 0 && (this.#samples[first - 1]?.endedAt ?? 0) >= at - disorderMs) first -= 1;
    return this.#samples.slice(first).filter(({ endedAt }) => endedAt >= at);
  }
}

const disorderMs = 5_000;
