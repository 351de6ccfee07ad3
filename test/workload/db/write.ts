import type { Outcome } from '../client/request.ts';
import type { Database, Session } from '../torture/session.ts';

/**
 * So many writes on new connections are under way at most: a database that is slow for a moment would otherwise be given more
 * and more to do, and a process each in PostgreSQL, until the crowd itself is what fails.
 */
const mostNew = 8;

/** Writes numbers, one a call, never one twice. Success is a write that was acknowledged before the time was over. */
export class WriteStream {
  readonly #database: Database;
  readonly #client: string;
  readonly #timeoutMs: number;
  readonly #isKept: boolean;
  /** Nothing is under way on it. */
  #free: Session | undefined;
  #number = 0;
  #pending = 0;

  /**
   * @param client whose numbers these are. @param isKept whether a connection is used again, by one write after the other.
   */
  constructor(database: Database, client: string, timeoutMs: number, isKept: boolean) {
    this.#database = database;
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#isKept = isKept;
  }

  /** Never rejects. @returns undefined where too much is under way: then nothing was written. */
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
    if (!this.#isKept) session.close();
    else this.#free = session;
  }
}

const nameOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code : error.message;
