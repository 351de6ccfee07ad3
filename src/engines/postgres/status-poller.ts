import type { Clock } from '../../lib/clock.ts';
import { HAError } from '../../api/errors.ts';
import { Session, type SessionOptions, codeOf, isDown, tooManyConnections } from './session.ts';
import { type ServerStatus, askStatus } from './status.ts';

/** An open connection checks one backend only. A new one needs the postmaster, too, so it is opened this often. Milliseconds. */
const renewMs = 2_000;

/**
 * Asks the member's own server for its status, over one open connection, one query at a time. An unanswered query stays open for
 * the next caller: a frozen server gets no second one.
 */
export class StatusPoller {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #isUp: () => Promise<boolean>;
  #session: Session | undefined;
  #openedAt = 0;
  #asking: Promise<ServerStatus | 'down'> | undefined;
  #closing = new AbortController();

  constructor(options: SessionOptions, clock: Clock, isUp: () => Promise<boolean>) {
    this.#options = options;
    this.#clock = clock;
    this.#isUp = isUp;
  }

  /** `down`: no server runs, or it accepts no queries yet. @throws HAError HA_ERR_DATABASE; the signal's reason */
  async ask(signal: AbortSignal): Promise<ServerStatus | 'down'> {
    signal.throwIfAborted();
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    const asking = this.#asking;
    return new Promise((resolve, reject) => {
      const aborted = () => reject(signal.reason as Error);
      signal.addEventListener('abort', aborted, { once: true });
      asking.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
    });
  }

  /** The server ends, or has ended: pending queries are answered by `down`. */
  close(): void {
    this.#closing.abort();
    this.#closing = new AbortController();
    this.#drop();
  }

  async #ask(): Promise<ServerStatus | 'down'> {
    const { signal } = this.#closing;
    try {
      if (this.#session === undefined && !(await this.#isUp())) return 'down';
      const session = await this.#fresh(signal);
      return await askStatus(session);
    } catch (error) {
      this.#drop();
      if (signal.aborted || isDown(error)) return 'down';
      const message = error instanceof Error ? error.message : String(error);
      throw new HAError('HA_ERR_DATABASE', message, { cause: error });
    }
  }

  async #fresh(signal: AbortSignal): Promise<Session> {
    const now = this.#clock.now();
    const kept = this.#session;
    if (kept !== undefined && now - this.#openedAt < renewMs) return kept;
    try {
      const session = await Session.openAnyway(this.#options, signal);
      this.#drop();
      this.#session = session;
      this.#openedAt = now;
      return session;
    } catch (error) {
      // Clients have taken all connections, which does not mean that the server is unhealthy.
      if (kept !== undefined && codeOf(error) === tooManyConnections) return kept;
      throw error;
    }
  }

  #drop(): void {
    this.#session?.end();
    this.#session = undefined;
  }
}
