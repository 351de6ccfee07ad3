import { isHAError } from '../../api/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Passwords } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Following, ReplicationTarget } from './replication-history.ts';
import type { Server } from './server.ts';
import { type Access, passwordFor } from './upstream.ts';

/** How often a member asks its leader which password it accepts, while there are several. Milliseconds. */
const askMs = 1_000;

/**
 * Takes a changed password over while the server runs. The server accepts the new password and the former one from the first moment,
 * so that each follower can connect with the one that it has; and it shows its leader a password which that leader accepts. Both end
 * when every member accepts the new one.
 */
export class ServerPassword {
  readonly #server: Server;
  readonly #passwords: Passwords;
  readonly #access: Access;
  readonly #clock: Clock;
  /** Of the server to which the following two belong. */
  #launch = 0;
  /** What the server was told to accept, as one text. */
  #told: string | undefined;
  /** masterauth of the server: shown to its leader. */
  #shown: string | undefined;
  #asked = { at: -Infinity, answer: undefined as string | undefined };
  #problem: EngineProblem | undefined;

  constructor(server: Server, access: Access, clock: Clock) {
    this.#server = server;
    this.#passwords = access.passwords;
    this.#access = access;
    this.#clock = clock;
  }

  /** @returns why the server has not taken the password over; it is tried again. @throws if the server does not answer */
  async keep(target: ReplicationTarget, signal: AbortSignal): Promise<EngineProblem | undefined> {
    const { current, former } = this.#passwords;
    if (current === undefined) return undefined;
    this.#noticeRestart();
    try {
      await this.#accept(current, former, signal);
      if (former.length > 0) {
        if (this.#passwords.isShared) await this.#retire(current, former, signal);
        else if (target.kind === 'following') await this.#show(this.#ask(target), signal);
      }
      this.#problem = undefined;
    } catch (error) {
      if (!isHAError(error, 'HA_ERR_PROBE_ANSWER')) throw error;
      // The error may quote the password.
      const message =
        'the server refuses ACL SETUSER default or CONFIG SET masterauth, and goes on with the former password: check its ACLs';
      this.#problem = { reason: 'PasswordRefused', message };
    }
    return this.#problem;
  }

  /** Before the server connects to a leader: finds out which password that leader accepts. */
  async prepare({ order }: Pick<Following, 'order'>, signal: AbortSignal): Promise<void> {
    if (this.#passwords.former.length === 0) return;
    this.#noticeRestart();
    await this.#show(await passwordFor(order.leader, this.#access), signal);
  }

  /** A server is started with the password that is the current one then, and with that alone. */
  #noticeRestart(): void {
    if (this.#launch === this.#server.launches) return;
    this.#launch = this.#server.launches;
    this.#told = undefined;
    this.#shown = this.#server.password;
  }

  async #accept(current: string, former: readonly string[], signal: AbortSignal): Promise<void> {
    const all = [current, ...former];
    const text = JSON.stringify(all);
    // A retired password stays away: `retire` has removed it from the list.
    if (text === this.#told) return;
    const added = all.map((password) => `>${password}`);
    await this.#server.call([['ACL', 'SETUSER', 'default', ...added]], signal);
    this.#told = text;
    this.#server.password = current;
    this.#passwords.accept(current);
  }

  async #retire(current: string, former: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#show(current, signal);
    // Added first: to remove a password that a person has already removed is an error, which quotes the password.
    const removed = former.flatMap((password) => [`>${password}`, `<${password}`]);
    await this.#server.call([['ACL', 'SETUSER', 'default', ...removed]], signal);
    this.#passwords.retire();
    this.#told = JSON.stringify([current]);
  }

  async #show(password: string | undefined, signal: AbortSignal): Promise<void> {
    if (password === undefined || password === this.#shown) return;
    await this.#server.call([['CONFIG', 'SET', 'masterauth', password]], signal);
    this.#shown = password;
  }

  /** In the background, as a leader that does not answer would delay the heartbeat. @returns the last answer */
  #ask({ order }: Following): string | undefined {
    const now = this.#clock.now();
    if (now - this.#asked.at >= askMs) {
      const asked = { at: now, answer: undefined as string | undefined };
      this.#asked = asked;
      void passwordFor(order.leader, this.#access).then((answer) => (asked.answer = answer));
    }
    return this.#asked.answer;
  }
}
