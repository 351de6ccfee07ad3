export interface Limits {
  timeoutMs: number;
  /** What is wrong when the time is over. */
  late: () => Error;
  /** Ends the waiting with its reason. */
  signal?: AbortSignal;
}

/**
 * The first thing other than undefined that `read` finds, now or after a change.
 *
 * @param onChange calls its argument at each change, until the function that it returns is called.
 * @throws what `late` gives, or the signal's reason.
 */
export function firstFound<T>(
  onChange: (listener: () => void) => () => void,
  read: () => T | undefined,
  { timeoutMs, late, signal }: Limits,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = read();
      if (found === undefined) return;
      end();
      resolve(found);
    };
    const fail = (error: Error) => {
      end();
      reject(error);
    };
    const aborted = () => fail(signal?.reason as Error);
    const timer = setTimeout(() => fail(late()), timeoutMs);
    const unlisten = onChange(look);
    const end = () => {
      clearTimeout(timer);
      unlisten();
      signal?.removeEventListener('abort', aborted);
    };
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted === true) aborted();
    else look();
  });
}
