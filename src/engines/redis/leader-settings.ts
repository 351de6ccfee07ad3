import type { SyncSet } from '../../protocol/member-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { maxLagSeconds } from './commands.ts';
import type { DataRetention } from './data-retention.ts';
import { askOwnSync, syncAll, weakSettings } from './log-settings.ts';
import { ReplicationGuard } from './replication-guard.ts';
import type { Server } from './server.ts';
import type { Access } from './upstream.ts';

/** How often the settings of a leader are checked. Milliseconds. */
const checkEveryMs = 1_000;

/** What a leader needs so that a confirmed write is safe, and whether clients with the password have changed that since. */
export class LeaderSettings {
  /** What was wrong at the last check. */
  problems: (EngineProblem | undefined)[] = [];
  readonly #server: Server;
  readonly #guard: ReplicationGuard;
  readonly #clock: Clock;
  #ownSync = syncAll;
  #checkedAt = -Infinity;

  constructor(server: Server, access: Access, clock: Clock) {
    this.#server = server;
    this.#guard = new ReplicationGuard(server, access, clock);
    this.#clock = clock;
  }

  /** Called once, when the server has its own settings. */
  async readOwn(retention: DataRetention, signal: AbortSignal): Promise<void> {
    await this.#guard.recover(retention, signal);
    this.#ownSync = await askOwnSync(this.#server, signal);
  }

  /** Resolves when these acknowledgements are in force. */
  async apply({ acks, exclusive = false }: SyncSet, signal: AbortSignal): Promise<void> {
    const least = ['min-replicas-to-write', String(acks)];
    const longest = ['min-replicas-max-lag', String(maxLagSeconds)];
    const policy = acks > 0 ? syncAll : this.#ownSync;
    await this.#server.call([['CONFIG', 'SET', ...least, ...longest], policy], signal);
    // A promotion disconnects all replicas. If the member leads already, the next check finds those that must go.
    if (exclusive) await this.#guard.refuseOthers(signal);
    else await this.#guard.admitOthers(signal);
    this.problems = [];
    this.#checkedAt = -Infinity;
  }

  /** It will not lead. @returns the command that sets the user's own values again, which a leader in Strong must not have */
  async release(signal: AbortSignal): Promise<string[]> {
    await this.#guard.admitOthers(signal);
    return this.#ownSync;
  }

  /** Called with each report of a leader. */
  async check({ acks }: SyncSet, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#checkedAt < checkEveryMs) return;
    this.#checkedAt = now;
    const foreign = await this.#guard.check(signal);
    const weak = acks > 0 ? await weakSettings(this.#server, signal) : undefined;
    // A foreign replica may be there for weeks.
    this.problems = [foreign, weak];
  }
}
