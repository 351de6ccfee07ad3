import type { Outcome } from '../client/request.ts';
import type { Database, Session } from '../torture/session.ts';

/**
 * How many writes on new connections may be in progress: a database that is slow for a moment would otherwise get more and more
 * work, and in PostgreSQL a process for each, until the load itself causes failures.
 */
const mostNew = 8;

/** Writes numbers, one per call, each once. Success is a write that was acknowledged within the time limit. */
export class WriteStream {
  readonly #database: Database;
  readonly #client: string;
  readonly #timeoutMs: number;
  readonly #isKept: boolean;
  /** Whether no write is in progress on it. */
  #free: Session | undefined;
  #number = 0;
  #pending = 0;

  /**
   * @param client owner of these numbers. @param isKept whether a connection is used again, by one write after the other.
   */
  constructor(database: Database, client: string, timeoutMs: number, isKept: boolean) {
    this.#database = database;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#isKept = isKept;
  }

  /** Never rejects. @returns undefined if too many writes are in progress: then nothing was written. */
  async send(): Promise<Outcome | undefined> {
    if (this.#pending >= (this.#isKept ? 1 : mostNew)) return undefined;
    this.#pending += 1;
    try {
      return await this.#write();
    } finally {
      this.#pending -= 1;
    }
  }

  async #write(): Promise<Outcome> {
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
      return { ok: true, ...(session.answeredBy === '' ? {} : { who: session.answeredBy }) };
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
    if (!this.#isKept) session.close();
    else this.#free = session;
  }
}

const nameOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message;
