/** A key that waits, and since when (monotonic milliseconds). */
export interface WaitingKey {
  key: string;
  since: number;
}

/** Namespace of a key. Keys without one are of one group. */
const groupOf = (key: string): string => key.slice(0, Math.max(0, key.indexOf('/')));

/**
 * Workers of a lane that the keys of one namespace may hold at the same time. Not all, so that a namespace whose admission webhook
 * does not answer delays itself alone.
 */
const shareOf = (concurrency: number): number => Math.ceil(concurrency / 2);

/** Keys that wait for workers of their own, and those that these workers handle. Namespaces take turns; their own keys are in the order of arrival. */
export class WorkLane {
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #running = new Map<string, Set<string>>();
  #runningCount = 0;

  get length(): number {
    let length = 0;
    for (const keys of this.#waiting.values()) length += keys.size;
    return length;
  }

  get isIdle(): boolean {
    return this.#runningCount === 0;
  }

  has(key: string): boolean {
    return this.#waiting.get(groupOf(key))?.has(key) === true;
  }

  isRunning(key: string): boolean {
    return this.#running.get(groupOf(key))?.has(key) === true;
  }

  add({ key, since }: WaitingKey): void {
    const group = groupOf(key);
    const keys = this.#waiting.get(group) ?? new Map<string, number>();
    this.#waiting.set(group, keys.set(key, since));
  }

  /** Takes a key back that waits. */
  withdraw(key: string): WaitingKey | undefined {
    const group = groupOf(key);
    const keys = this.#waiting.get(group);
    const since = keys?.get(key);
    if (keys === undefined || since === undefined) return undefined;
    keys.delete(key);
    if (keys.size === 0) this.#waiting.delete(group);
    return { key, since };
  }

  /** The next key counts as running until `ended`. Undefined: none waits, or there is no free worker for those that wait. */
  begin(concurrency: number): WaitingKey | undefined {
    if (this.#runningCount >= concurrency) return undefined;
    for (const [group, keys] of this.#waiting) {
      const running = this.#running.get(group) ?? new Set<string>();
      const [first] = keys;
      if (first === undefined || running.size >= shareOf(concurrency)) continue;
      const [key, since] = first;
      keys.delete(key);
      // The namespace goes to the end: the others come first now.
      this.#waiting.delete(group);
      if (keys.size > 0) this.#waiting.set(group, keys);
      this.#running.set(group, running.add(key));
      this.#runningCount += 1;
      return { key, since };
    }
    return undefined;
  }

  ended(key: string): void {
    const group = groupOf(key);
    const running = this.#running.get(group);
    if (running?.delete(key) !== true) return;
    if (running.size === 0) this.#running.delete(group);
    this.#runningCount -= 1;
  }
}
