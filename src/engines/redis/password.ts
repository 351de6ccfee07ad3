import { isHAError } from '../../api/errors.ts';
import type { Passwords } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { ReplicationTarget } from './replication-history.ts';
import { createUser } from './replication-user.ts';
import type { Server } from './server.ts';
import type { Access } from './upstream.ts';
import type { UpstreamLogin } from './upstream-login.ts';

/**
 * Takes a changed password over while the server runs. The server accepts the new password and the former one from the first moment,
 * so that each follower can connect with the one that it has; and it shows its leader a password which that leader accepts. Both end
 * when every member accepts the new one.
 */
export class ServerPassword {
  readonly #server: Server;
  readonly #service: string;
  readonly #passwords: Passwords;
  readonly #login: UpstreamLogin;
  /** The server to which the following belongs. */
  #launch = 0;
  /** What the server was told to accept, as one text. */
  #told: string | undefined;
  #problem: EngineProblem | undefined;

  constructor(server: Server, { service, passwords }: Access, login: UpstreamLogin) {
    this.#server = server;
    this.#service = service;
    this.#passwords = passwords;
    this.#login = login;
  }

  /**
   * @param target what the server is told to do at that moment
   * @returns why the server has not taken the password over; it is tried again. @throws if the server does not answer
   */
  async keep(
    target: () => ReplicationTarget,
    signal: AbortSignal,
  ): Promise<EngineProblem | undefined> {
    const { current, former, isShared } = this.#passwords;
    if (current === undefined) return undefined;
    this.#noticeRestart();
    try {
      await this.#accept(current, former, signal);
      const following = target();
      if (former.length > 0) {
        if (isShared) await this.#retire(current, former, signal);
        else if (following.kind === 'following') {
          this.#login.keep(following, () => target() === following);
        }
      }
      this.#problem = undefined;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_PROBE_ANSWER')) throw error;
      // The error may quote the password.
      const message =
        'the server refuses ACL SETUSER or CONFIG SET masterauth, and goes on with the former password: check its ACLs';
      this.#problem = { reason: 'PasswordRefused', message };
    }
    return this.#problem;
  }

  /** A server is started with the password that is the current one then; clients may show it that one alone. */
  #noticeRestart(): void {
    if (this.#launch === this.#server.launches) return;
    this.#launch = this.#server.launches;
    this.#told = undefined;
  }

  async #accept(current: string, former: readonly string[], signal: AbortSignal): Promise<void> {
    const all = [current, ...former];
    const text = JSON.stringify(all);
    // A retired password stays away: `retire` has removed it from the list.
    if (text === this.#told) return;
    const added = all.map((password) => `>${password}`);
    await this.#server.call(
      [['ACL', 'SETUSER', 'default', ...added], createUser(this.#service, all)],
      signal,
    );
    this.#told = text;
    this.#server.password = current;
    this.#passwords.accept(current);
  }

  async #retire(current: string, former: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#login.retire(signal);
    // Added first: to remove a password that a person has already removed is an error, which quotes the password.
    const removed = former.flatMap((password) => [`>${password}`, `<${password}`]);
    await this.#server.call(
      [['ACL', 'SETUSER', 'default', ...removed], createUser(this.#service, [current])],
      signal,
    );
    this.#passwords.retire();
    this.#told = JSON.stringify([current]);
  }
}
