import type { Outcome } from '../client/request.ts';
import type { Database, Session } from '../torture/session.ts';

/** Writes numbers, one a call, never one twice. Success is a write that was acknowledged before the time was over. */
export class WriteStream {
  readonly #database: Database;
  readonly #client: string;
  readonly #timeoutMs: number;
  readonly #isKept: boolean;
  /** Nothing is under way on it. */
  #free: Session | undefined;
  #number = 0;

  /**
   * @param client whose numbers these are. @param isKept whether a connection is used again; where it is busy, the next
   * write opens another one, which is kept instead.
   */
  constructor(database: Database, client: string, timeoutMs: number, isKept: boolean) {
    this.#database = database;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#isKept = isKept;
  }

  /** Never rejects. */
  async send(): Promise<Outcome> {
    const n = (this.#number += 1);
    const signal = AbortSignal.timeout(this.#timeoutMs);
    let session = this.#free;
    this.#free = undefined;
    const late = Promise.withResolvers<never>();
    const giveUp = () => {
      session?.close();
      late.reject(signal.reason as Error);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      session ??= await Promise.race([this.#database.connect(signal), late.promise]);
      await Promise.race([session.write(this.#client, n), late.promise]);
      this.#release(session);
      return { ok: true, ...(session.who === '' ? {} : { who: session.who }) };
    } catch (error) {
      session?.close();
      this.#database.failed?.();
      return { ok: false, error: signal.aborted ? 'timeout' : nameOf(error as Error) };
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  close(): void {
    this.#free?.close();
  }

  #release(session: Session): void {
    if (!this.#isKept || this.#free !== undefined) session.close();
    else this.#free = session;
  }
}

const nameOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message;
