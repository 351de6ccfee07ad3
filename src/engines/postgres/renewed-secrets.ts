import type { ReplicationPassword } from '../../protocol/member-protocol.ts';
import type { EngineContext } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Database } from './database.ts';
import { rolePasswords } from './login.ts';
import { ensureRoles } from './role.ts';
import { certificateRefused } from './start-problem.ts';
import { codeOf } from './session.ts';
import type { ServerStatus } from './status.ts';

/** How often the certificates are read, which are renewed in place. Milliseconds. */
const certificatesMs = 60_000;
/** After roles could not be changed, as others hold locks. Milliseconds. */
const retryMs = 2_000;

/** Takes over a password and certificates that were changed in their Secrets, while the server runs. No heartbeat waits for that. */
export class RenewedSecrets {
  readonly #context: EngineContext;
  #renewedAt: number;
  /** The roles of this leader have one of the passwords. */
  #hasRoles = true;
  /** With which password of replication, as far as the operator has said that and it could be chosen. */
  #kind: ReplicationPassword | undefined;
  #changing: Promise<void> | undefined;
  #triedAt = -Infinity;
  #passwordProblem: EngineProblem | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#renewedAt = context.clock.now();
  }

  /** What the server has not taken over; it is tried again. */
  problemsOf({ settings: { certificateFault } }: Database): (EngineProblem | undefined)[] {
    const refused =
      certificateFault === undefined
        ? undefined
        : certificateRefused(`the server goes on with its former certificate: ${certificateFault}`);
    return [this.#passwordProblem, refused];
  }

  /** Whatever data the member has: each way to reach a leader tries the current password, and the former ones. */
  accept(): void {
    const { passwords } = this.#context;
    if (passwords.current !== undefined) passwords.accept(passwords.current);
  }

  /**
   * The member has begun to lead: its followers need the roles. Waits for one attempt; what then fails is tried again with the
   * reports, and does not keep the member from leading.
   */
  async ensure(database: Database): Promise<void> {
    this.#hasRoles = false;
    this.#kind = undefined;
    await this.#changing;
    await this.#change(database);
  }

  /**
   * Called with each report of a member that does not clone. The roles have one password each. Each member tries the current and the
   * former one, so the leader changes the roles as soon as all members say that they have the current one. A follower is done when it
   * has used that.
   *
   * @param status `none`: no server runs
   */
  take(
    database: Database,
    { status, follows }: { status: ServerStatus | 'down' | 'none'; follows: boolean },
  ): void {
    void this.#renewCertificates(database);
    const { current, former, isShared, replication } = this.#context.passwords;
    const isOther = replication !== this.#kind && this.#isSettled;
    const isDue = former.length > 0 && isShared;
    if (status === 'down' || current === undefined) return;
    if (status === 'none' || status.standby) {
      const isUsed = !follows || database.settings.leaderLogin.password === current;
      if (isDue && isUsed) this.#context.passwords.retire();
      this.#passwordProblem = undefined;
    } else if (isDue || isOther || !this.#hasRoles) {
      const isTooSoon = this.#context.clock.now() - this.#triedAt < retryMs;
      if (this.#passwordProblem === undefined || !isTooSoon) void this.#change(database);
    }
  }

  /** During a change of the password each role keeps the password that it has, until all members know the new one. */
  get #isSettled(): boolean {
    const { former, isShared } = this.#context.passwords;
    return former.length === 0 || isShared;
  }

  /** One attempt at a time; it never fails, but tells what is wrong. */
  #change(database: Database): Promise<void> {
    this.#changing ??= this.#changeRoles(database).finally(() => (this.#changing = undefined));
    return this.#changing;
  }

  async #changeRoles(database: Database): Promise<void> {
    const { passwords, clock, config } = this.#context;
    const { current, former, isShared, replication } = passwords;
    const isSettled = this.#isSettled;
    if (current === undefined) return;
    this.#triedAt = clock.now();
    // Its time limit, and the end of the server, end it.
    const { signal } = new AbortController();
    const known = isShared ? ([current] as const) : ([current, ...former] as const);
    const wished = rolePasswords(config.service, replication, known, isSettled);
    try {
      await database.session(signal, (session) => ensureRoles(session, wished));
      this.#kind = isSettled ? replication : undefined;
      this.#hasRoles = true;
      this.#passwordProblem = undefined;
      // What was true before may have changed meanwhile.
      if (isShared && passwords.isShared && passwords.current === current) passwords.retire();
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const why =
        codeOf(error) === '55P03'
          ? 'another transaction has changed or locked these roles: end it (see pg_locks)'
          : text;
      const message = `the roles postgres and haservice keep the former password, it is tried again: ${why}`;
      this.#passwordProblem = { reason: 'PasswordRefused', message };
    }
  }

  async #renewCertificates(database: Database): Promise<void> {
    const { clock, config, log } = this.#context;
    const now = clock.now();
    if (config.engine.tls === undefined || now - this.#renewedAt < certificatesMs) return;
    this.#renewedAt = now;
    try {
      if (await database.settings.prepare()) database.server.reload();
    } catch (error) {
      log.warn({ error }, 'renewed certificates could not be taken over');
    }
  }
}
