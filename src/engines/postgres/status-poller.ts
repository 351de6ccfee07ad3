import { type Clock, sleep } from '../../lib/clock.ts';
import { HAError } from '../../api/errors.ts';
import type { EngineProblem } from '../managed-engine.ts';
import {
  Session,
  type SessionOptions,
  codeOf,
  isDown,
  knock,
  tooManyConnections,
} from './session.ts';
import { type ServerStatus, askStatus } from './status.ts';

/** An open connection checks one backend only. A new one needs the postmaster, too, so it is opened this often. Milliseconds. */
const renewMs = 2_000;
/** How long a new session may wait before the postmaster is asked without one, and the open session used on. Milliseconds. */
const heldUpMs = 200;
/** After how long that is told. Milliseconds. */
const toldAfterMs = 5_000;
/** The server has ended a new session that waited for longer than authentication_timeout, by an error or without a word. */
const gaveUp = ['57014', 'ECONNRESET', ''];

/** A lock that keeps new sessions waiting, on a catalog or a database. One that is still waited for does that, too: others queue behind it. */
const locks = `
SELECT FROM pg_lock_status() AS l
WHERE l.mode = 'AccessExclusiveLock' AND coalesce(l.relation, l.classid) < '16384'::oid LIMIT 1`;

const heldUp =
  'no new session begins here, though the server works: a session that is open has probably locked pg_authid (LOCK, VACUUM FULL): find it in pg_locks over another one that is open, on the leader, and end it; or delete the pod of the leader';
const shutOut =
  'no session begins here since the server has started, though the server runs: its log probably ends with a lock on a catalog (VACUUM FULL, REINDEX), or its volume does not answer; if this lasts and the other members are complete, delete the claim and the pod of this member, which is then copied from the leader';

/**
 * Asks the member's own server for its status, over one open connection, one query at a time. An unanswered query stays open for
 * the next caller: a frozen server gets no second one.
 *
 * A lock on all of pg_authid (VACUUM FULL, LOCK) lets no new session in, on followers too, as they replay it. The server is not
 * frozen then: it serves a client that asks for no session, and the open session answers on, and knows of the lock. If there is no
 * such lock, a server that lets no new session in does not work, such as with a disk that does not answer.
 */
export class StatusPoller {
  readonly #options: SessionOptions;
  readonly #clock: Clock;
  readonly #isUp: () => Promise<boolean>;
  #session: Session | undefined;
  /** When the postmaster was last known to work. */
  #checkedAt = 0;
  #opening: Promise<Session> | undefined;
  /** Since when a new session is waited for. */
  #waitingSince: number | undefined;
  /** Since when the server lets no new session in, although it works. */
  #heldUpSince: number | undefined;
  /** No session is open that could tell why. */
  #isShutOut = false;
  #asking: Promise<ServerStatus | 'down'> | undefined;
  #closing = new AbortController();

  constructor(options: SessionOptions, clock: Clock, isUp: () => Promise<boolean>) {
    this.#options = options;
    this.#clock = clock;
    this.#isUp = isUp;
  }

  get problem(): EngineProblem | undefined {
    const since = this.#heldUpSince;
    if (since === undefined || this.#clock.now() - since < toldAfterMs) return undefined;
    return { reason: 'SessionsWait', message: this.#isShutOut ? shutOut : heldUp };
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
    this.#opening = undefined;
    this.#waitingSince = undefined;
    this.#heldUpSince = undefined;
    this.#isShutOut = false;
    this.#drop();
  }

  async #ask(): Promise<ServerStatus | 'down'> {
    const { signal } = this.#closing;
    try {
      if (this.#session === undefined && !(await this.#isUp())) return 'down';
      const session = await this.#fresh(signal);
      return session === 'none' ? 'down' : await askStatus(session);
    } catch (error) {
      this.#drop();
      if (signal.aborted || isDown(error)) return 'down';
      const message = error instanceof Error ? error.message : String(error);
      throw new HAError('HA_ERR_DATABASE', message, { cause: error });
    }
  }

  /**
   * Over the open connection, if there is one, for what must not wait for a lock on pg_authid: one query, which needs nothing of it.
   * @throws the error of `pg`; the signal's reason
   */
  async rows<Row extends object>(text: string, signal: AbortSignal): Promise<Row[]> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    either.throwIfAborted();
    const asking = this.#fresh(this.#closing.signal).then((session) => {
      if (session !== 'none') return session.rows<Row>(text);
      throw new HAError('HA_ERR_DATABASE', shutOut);
    });
    return new Promise((resolve, reject) => {
      const aborted = () => reject(either.reason as Error);
      either.addEventListener('abort', aborted, { once: true });
      asking
        .then(resolve, (error: unknown) => {
          if (isDown(error)) this.#drop();
          reject(error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => either.removeEventListener('abort', aborted));
    });
  }

  /** See knock. */
  async knock(signal: AbortSignal): Promise<void> {
    await knock(this.#options, signal);
  }

  /** `none`: see #orShutOut */
  async #fresh(signal: AbortSignal): Promise<Session | 'none'> {
    const kept = this.#session;
    const now = this.#clock.now();
    if (kept !== undefined && now - this.#checkedAt < renewMs) return kept;
    const opening = (this.#opening ??= this.#open(signal));
    if (kept === undefined) return this.#orShutOut(opening, signal);
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const heldUp = async () => {
      await sleep(this.#clock, heldUpMs, either);
      await knock(this.#options, either);
      const isLocked = (await kept.rows(locks)).length > 0;
      if (!isLocked) return opening;
      this.#checkedAt = now;
      this.#heldUpSince ??= now;
      return kept;
    };
    try {
      const goOn = heldUp();
      const given = opening.catch((error: unknown) => {
        if (gaveUp.includes(codeOf(error))) return goOn;
        throw error;
      });
      return await Promise.race([given, goOn]);
    } catch (error) {
      // Clients have taken all connections, which does not mean that the server is unhealthy.
      if (codeOf(error) === tooManyConnections) return kept;
      throw error;
    } finally {
      done.abort(new Error('there is another session'));
    }
  }

  /** @returns `none` if the server has let no session in for long, although it serves those that ask for none: so it runs. */
  async #orShutOut(opening: Promise<Session>, signal: AbortSignal): Promise<Session | 'none'> {
    const done = new AbortController();
    const either = AbortSignal.any([signal, done.signal]);
    const since = this.#waitingSince ?? this.#clock.now();
    const late = async () => {
      await sleep(this.#clock, Math.max(0, since + toldAfterMs - this.#clock.now()), either);
      await knock(this.#options, either);
      this.#heldUpSince ??= since;
      this.#isShutOut = true;
      return 'none' as const;
    };
    try {
      return await Promise.race([opening, late()]);
    } catch (error) {
      if (this.#isShutOut && gaveUp.includes(codeOf(error))) return 'none';
      throw error;
    } finally {
      done.abort(new Error('there is a session'));
    }
  }

  #open(signal: AbortSignal): Promise<Session> {
    const begunAt = this.#clock.now();
    this.#waitingSince ??= begunAt;
    const opening = Session.openAnyway(this.#options, signal);
    const isMine = () => this.#opening === opening;
    opening.then(
      (session) => {
        if (!isMine()) {
          session.end();
          return;
        }
        this.#opening = undefined;
        this.#session?.retire();
        this.#session = session;
        this.#checkedAt = begunAt;
        this.#waitingSince = undefined;
        this.#heldUpSince = undefined;
        this.#isShutOut = false;
      },
      () => {
        if (isMine()) this.#opening = undefined;
      },
    );
    return opening;
  }

  #drop(): void {
    this.#session?.end();
    this.#session = undefined;
  }
}
