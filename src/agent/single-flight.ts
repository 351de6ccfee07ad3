interface Waiter<T> {
  resolve: (answer: T) => void;
  reject: (reason: unknown) => void;
}

/**
 * Joins concurrent requests for the program's status: one request at a time, however many callers wait for its answer, so
 * that a frozen program does not get one request per caller.
 */
export class SingleFlight<T> {
  readonly #ask: (signal: AbortSignal) => Promise<T>;
  readonly #waiters = new Set<Waiter<T>>();
  #asking: AbortController | undefined;

  constructor(ask: (signal: AbortSignal) => Promise<T>) {
    this.#ask = ask;
  }

  /** Pending as long as the program does not answer. The request is aborted once no caller waits any more. */
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

  /** Answers to earlier requests are outdated: all waiting callers get the answer to a request made after this call. */
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
