import type { Clock } from '../../lib/clock.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Following } from './replication-history.ts';
import { type Login, setLogin } from './replication-user.ts';
import type { Server } from './server.ts';
import { type Access, checkLeader } from './upstream.ts';

type Leader = Order<'follow'>['leader'];

/** How long the server may take to be told as whom it replicates. Milliseconds. */
const setMs = 5_000;
/** How long a leader may take to say which login it accepts, if nothing waits for that. Milliseconds. */
const checkMs = 15_000;
/** How often a member asks its leader which password it accepts, while there are several. Milliseconds. */
const askMs = 1_000;

/**
 * As whom the server replicates, and with which password. First as the members' own user; a leader of an earlier version does not know
 * that user, and is followed as before. Nothing waits for that answer, so that a leader that knows the user is followed at once.
 */
export class UpstreamLogin {
  readonly #server: Server;
  readonly #access: Access;
  readonly #clock: Clock;
  /** What the server was told last. */
  #told: Login | undefined;
  #askedAt = -Infinity;

  constructor(server: Server, access: Access, clock: Clock) {
    this.#server = server;
    this.#access = access;
    this.#clock = clock;
  }

  /** The command that comes before the order to follow. While a password is changed, the leader is asked first which one it accepts. @throws the signal's reason */
  async first(leader: Leader, signal: AbortSignal): Promise<string[]> {
    const { current, former } = this.#access.passwords;
    const result =
      former.length === 0 ? undefined : await checkLeader(leader, this.#access, signal);
    const isKnown = result !== undefined && 'login' in result;
    return this.#command(isKnown ? result.login : { user: 'own', password: current });
  }

  /**
   * Finds out what the leader accepts, and tells the server.
   *
   * @param isCurrent whether the server still follows that leader
   * @returns why the leader cannot be followed
   */
  async check({ order }: Following, isCurrent: () => boolean): Promise<EngineProblem | undefined> {
    const result = await checkLeader(order.leader, this.#access, AbortSignal.timeout(checkMs));
    if ('problem' in result) return result.problem;
    if (isCurrent()) {
      await this.#server.call([this.#command(result.login)], AbortSignal.timeout(setMs));
    }
    return undefined;
  }

  /** While a password is changed: in the background, as a leader that does not answer would delay the heartbeat. */
  keep(following: Following, isCurrent: () => boolean): void {
    const now = this.#clock.now();
    if (now - this.#askedAt < askMs) return;
    this.#askedAt = now;
    this.check(following, isCurrent).catch(() => {});
  }

  /** The former passwords end: the server shows its leader the current one. @throws as LocalClient.call */
  async retire(signal: AbortSignal): Promise<void> {
    const { current } = this.#access.passwords;
    if (this.#told === undefined || this.#told.password === current) return;
    await this.#server.call([this.#command({ ...this.#told, password: current })], signal);
  }

  #command(login: Login): string[] {
    this.#told = login;
    return setLogin(login, this.#access.service);
  }
}
