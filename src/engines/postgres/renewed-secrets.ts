import { isHAError } from '../../api/errors.ts';
import type { EngineContext } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Database } from './database.ts';
import { ensureRoles } from './role.ts';
import type { ServerStatus } from './status.ts';

/** How often the certificates are read, which are renewed in place. Milliseconds. */
const certificatesMs = 60_000;

/** Takes over a password and certificates that were changed in their Secrets, while the server runs. */
export class RenewedSecrets {
  readonly #context: EngineContext;
  #renewedAt: number;
  #renewalProblem: EngineProblem | undefined;
  #passwordProblem: EngineProblem | undefined;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#renewedAt = context.clock.now();
  }

  /** What the server has not taken over; it is tried again. */
  get problems(): (EngineProblem | undefined)[] {
    return [this.#passwordProblem, this.#renewalProblem];
  }

  /** Whatever data the member has: each way to reach a leader tries the current password, and the former ones. */
  accept(): void {
    const { passwords } = this.#context;
    if (passwords.current !== undefined) passwords.accept(passwords.current);
  }

  /**
   * Called with each report of a member that does not clone.
   * @param status `none`: no server runs
   */
  async take(
    database: Database,
    { status, follows }: { status: ServerStatus | 'down' | 'none'; follows: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#renewCertificates(database);
    if (await this.#isPasswordTaken(database, status, follows, signal)) {
      this.#context.passwords.retire();
    }
  }

  /**
   * The roles have one password each. Each member tries the current and the former one, so the leader changes the roles as soon as
   * all members say that they have the current one. A follower is done when it has used that.
   */
  async #isPasswordTaken(
    database: Database,
    status: ServerStatus | 'down' | 'none',
    follows: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { passwords } = this.#context;
    const { current, former, isShared } = passwords;
    if (current === undefined) return false;
    if (former.length === 0 || !isShared || status === 'down') return false;
    if (status === 'none' || status.standby)
      return !follows || database.settings.leaderPassword === current;
    try {
      await database.session(signal, (session) => ensureRoles(session, [current]));
      this.#passwordProblem = undefined;
      return true;
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      const message = `the roles postgres and haservice keep the former password, it is tried again: ${why}`;
      this.#passwordProblem = { reason: 'PasswordRefused', message };
      return false;
    }
  }

  async #renewCertificates(database: Database): Promise<void> {
    const { clock, config } = this.#context;
    const now = clock.now();
    if (config.engine.tls === undefined || now - this.#renewedAt < certificatesMs) return;
    this.#renewedAt = now;
    try {
      if (await database.settings.prepare()) database.server.reload();
      this.#renewalProblem = undefined;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_AGENT_CONFIG')) throw error;
      const message = `the server goes on with its former certificate: ${error.message}`;
      this.#renewalProblem = { reason: 'CertificateRefused', message };
    }
  }
}
