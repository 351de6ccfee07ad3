import type { Order } from '../../protocol/member-protocol.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { type Login, setLogin } from './replication-user.ts';
import type { Server } from './server.ts';
import { type Access, checkLeader } from './upstream.ts';

/** How long the server may take to be told as whom it replicates. Milliseconds. */
const setMs = 5_000;

/**
 * As whom the server replicates. First as the members' own user; a leader of an earlier version does not know that user, and is
 * followed as before. Nothing waits for that answer, so that a leader that knows the user is followed at once.
 */
export class UpstreamLogin {
  readonly #server: Server;
  readonly #access: Access;

  constructor(server: Server, access: Access) {
    this.#server = server;
    this.#access = access;
  }

  /** Comes before the order to follow. */
  get first(): string[] {
    return this.#set('own');
  }

  /**
   * Finds out what the leader accepts, and tells the server.
   *
   * @param isCurrent whether the server still follows that leader
   * @returns why the leader cannot be followed
   */
  async check(
    leader: Order<'follow'>['leader'],
    isCurrent: () => boolean,
  ): Promise<EngineProblem | undefined> {
    const result = await checkLeader(leader, this.#access);
    if ('problem' in result) return result.problem;
    if (isCurrent()) {
      await this.#server.call([this.#set(result.login)], AbortSignal.timeout(setMs));
    }
    return undefined;
  }

  #set(login: Login): string[] {
    return setLogin(login, this.#access.identity());
  }
}
