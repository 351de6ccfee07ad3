import { candidates } from '../engine-context.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Clock } from '../../lib/clock.ts';
import type { DataRetention } from './data-retention.ts';
import { canLogIn, createUser, replicationUser } from './replication-user.ts';
import type { Server } from './server.ts';
import type { Access } from './upstream.ts';
import {
  type UserRights,
  askRights,
  giveRights,
  isTaken,
  joinRights,
  mayReplicate,
  readRights,
  takeRights,
  ways,
} from './user-rights.ts';

/** How long a foreign replica is named after it was last seen. Milliseconds. */
const namedMs = 60_000;
/** Named in one message at most. */
const mostNamed = 3;
/** A refusal that is older than this was seen before, or was not of this leader. Milliseconds. */
const recentMs = 5_000;

/**
 * Keeps everything but members from replicating. WAIT and min-replicas-to-write count every replica, so a write that such a one has
 * acknowledged may be on no other member. Redis has no name or address of the members, but knows as which user a client has
 * authenticated. Only the leader does this, so that tools can replicate from a follower.
 */
export class ReplicationGuard {
  readonly #server: Server;
  readonly #access: Access;
  readonly #clock: Clock;
  #isExclusive = false;
  /** What users had from whom the right to replicate was taken, by name. */
  readonly #taken = new Map<string, UserRights>();
  /** Undefined: the server has no file into which ACL SAVE would write what the users may do at that moment. */
  #saved: Pick<DataRetention, 'now' | 'noteTaken'> | undefined;
  /** User and address of each foreign replica, and when it was last seen. Monotonic milliseconds. */
  readonly #seen = new Map<string, number>();

  constructor(server: Server, access: Access, clock: Clock) {
    this.#server = server;
    this.#access = access;
    this.#clock = clock;
  }

  /**
   * Called when the server has started: gives back what was taken when somebody ran ACL SAVE. A person has saved the users, and not the
   * role that the member had at that moment.
   */
  async recover(retention: DataRetention, signal: AbortSignal): Promise<void> {
    const [file] = await this.#server.call([['CONFIG', 'GET', 'aclfile']], signal);
    if ((file as string[])[1] === '') return;
    this.#saved = retention;
    const stored = retention.now.taken ?? [];
    if (stored.length === 0) return;
    const users = await this.#othersOf(
      stored.map(({ user }) => user),
      signal,
    );
    const pairs = stored.flatMap((before) => {
      const now = users.find(({ user }) => user === before.user);
      return now !== undefined && isTaken(before, now) ? [{ before, now }] : [];
    });
    await this.#server.send(
      pairs.map(({ before, now }) => giveRights(before, now)),
      signal,
    );
    // The file is as it was: the same holds at the next start.
    retention.noteTaken(pairs.map(({ before }) => before));
  }

  /** Nobody else can begin to replicate from here. @throws as LocalClient.call */
  async refuseOthers(signal: AbortSignal): Promise<void> {
    this.#isExclusive = true;
    const able = (await this.#othersOf(await this.#users(signal), signal)).filter(mayReplicate);
    // An order to admit them may have come meanwhile.
    if (able.length === 0 || !this.#isExclusive) return;
    // Before that is done: an order may be aborted, and what was taken must not be forgotten.
    for (const now of able) this.#taken.set(now.user, joinRights(this.#taken.get(now.user), now));
    this.#noteTaken();
    await this.#server.send(able.map(takeRights), signal);
  }

  /** Undoes that. @throws as LocalClient.call */
  async admitOthers(signal: AbortSignal): Promise<void> {
    this.#isExclusive = false;
    this.#seen.clear();
    const taken = [...this.#taken.values()];
    if (taken.length === 0) return;
    // The command would create a user that has been removed since.
    const users = await this.#users(signal);
    const left = taken.filter(({ user }) => users.includes(user));
    const now = await this.#othersOf(
      left.map(({ user }) => user),
      signal,
    );
    const commands = now.flatMap((rights) => {
      const before = this.#taken.get(rights.user);
      return before === undefined ? [] : [giveRights(before, rights)];
    });
    await this.#server.send(commands, signal);
    for (const before of taken) {
      // Not what was taken in between.
      if (this.#taken.get(before.user) === before) this.#taken.delete(before.user);
    }
  }

  /**
   * Disconnects the foreign replicas that there are, by users whom somebody has allowed that since, and creates the members' user
   * again if somebody has removed or changed it, as ACL LOAD does.
   */
  async check(signal: AbortSignal): Promise<EngineProblem | undefined> {
    const [able, user, replicas, refusals] = await this.#server.send(
      [
        ['ACL', 'DRYRUN', replicationUser, ...ways[0]],
        ['ACL', 'GETUSER', replicationUser],
        ['CLIENT', 'LIST', 'TYPE', 'replica'],
        ['ACL', 'LOG'],
      ],
      signal,
    );
    const { service, passwords } = this.#access;
    const known = candidates(passwords);
    if (able !== 'OK' || !canLogIn(user, service, known)) {
      await this.#server.call([createUser(service, known)], signal);
    }
    if (!this.#isExclusive) return undefined;
    const foreign = foreignReplicas(String(replicas));
    const now = this.#clock.now();
    for (const name of [...refusedReplicas(refusals), ...foreign.map((one) => one.name)]) {
      this.#seen.set(name, now);
    }
    if (foreign.length > 0) {
      await this.refuseOthers(signal);
      await this.#server.send(
        foreign.map(({ id }) => ['CLIENT', 'KILL', 'ID', id]),
        signal,
      );
    }
    return this.#problem(now);
  }

  #problem(now: number): EngineProblem | undefined {
    for (const [name, at] of this.#seen) if (now - at > namedMs) this.#seen.delete(name);
    if (this.#seen.size === 0) return undefined;
    const names = [...this.#seen.keys()].slice(-mostNamed).join(' and ');
    return {
      reason: 'ForeignReplica',
      message: `${names} replicates from this leader, or tries to, and is no member: it is refused, as WAIT would count it; let it replicate from a follower, or end it`,
    };
  }

  /** In the background: no failover waits for it. */
  #noteTaken(): void {
    const stored = this.#saved?.now.taken ?? [];
    const all = [...stored, ...this.#taken.values()].map(
      (rights) => [rights.user, rights] as const,
    );
    this.#saved?.noteTaken([...new Map(all).values()]);
  }

  async #users(signal: AbortSignal): Promise<string[]> {
    const [users] = await this.#server.call([['ACL', 'USERS']], signal);
    return users as string[];
  }

  /** Of these users all but the members' own. */
  async #othersOf(users: readonly string[], signal: AbortSignal): Promise<UserRights[]> {
    const others = users.filter((user) => user !== replicationUser);
    return readRights(others, await this.#server.send(askRights(others), signal));
  }
}

const nameOf = (client: string): { user: string; name: string } => {
  const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S*)`).exec(client)?.[1] ?? '';
  const user = field('user');
  return { user, name: `user ${user} at ${field('addr').replace(/:\d+$/, '')}` };
};

function foreignReplicas(list: string): { id: string; name: string }[] {
  return list
    .split('\n')
    .filter((line) => line.startsWith('id='))
    .map((line) => ({ id: /^id=(\d+)/.exec(line)?.[1] ?? '', ...nameOf(line) }))
    .filter(({ user }) => user !== replicationUser);
}

/** Those whom the server has refused lately, from its log of refusals. */
function refusedReplicas(log: unknown): string[] {
  if (!Array.isArray(log)) return [];
  return log.flatMap((entry: unknown) => {
    const fields = Array.isArray(entry) ? entry.map(String) : [];
    const field = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    const isReplication = ways.some(([command]) => field('object') === command);
    // The members' user lacks no right; an older refusal was before this leadership, or is over.
    const isLate = Number(field('age-seconds')) * 1_000 < recentMs;
    return isReplication && isLate ? [nameOf(field('client-info')).name] : [];
  });
}
