interface Waiter<T> {
  resolve: (answer: T) => void;
  reject: (reason: unknown) => void;
}

/**
 * Asks the program how it is, for all who want to know: there is one question at a time, however many wait for its answer, so
 * that a frozen program is not buried under questions.
 */
export class SingleFlight<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #asking: AbortController | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** Pending as long as the program does not answer. When nobody waits any more the question is given up. */
  async answer(signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const done = () => {
        signal.removeEventListener('abort', aborted);
        this.#waiters.delete(waiter);
      };
      const aborted = () => {
        waiter.reject(signal.reason);
        if (this.#waiters.size === 0) this.#giveUp();
      };
      const waiter: Waiter<T> = {
        resolve: (report) => {
          done();
          resolve(report);
        },
        reject: (reason) => {
          done();
          reject(reason instanceof Error ? reason : new Error(String(reason)));
        },
      };
      this.#waiters.add(waiter);
      signal.addEventListener('abort', aborted);
      if (this.#asking === undefined) this.#start();
    });
  }

  /** What was asked before now counts no more: all who wait get an answer to a question that is asked after now. */
  renew(): void {
    this.#giveUp();
    if (this.#waiters.size > 0) this.#start();
  }

  #giveUp(): void {
    const asking = this.#asking;
    this.#asking = undefined;
    asking?.abort();
  }

  #start(): void {
    const asking = new AbortController();
    this.#asking = asking;
    this.#ask(asking.signal).then(
      (report) => this.#settle(asking, (waiter) => waiter.resolve(report)),
      (error: unknown) => this.#settle(asking, (waiter) => waiter.reject(error)),
    );
  }

  #settle(asking: AbortController, tell: (waiter: Waiter<T>) => void): void {
    if (this.#asking !== asking) return;
    this.#asking = undefined;
    for (const waiter of [...this.#waiters]) tell(waiter);
  }
}
