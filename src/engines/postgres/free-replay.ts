import type { Clock } from '../../lib/clock.ts';
import type { Database } from './database.ts';
import type { ServerStatus } from './status.ts';

/** How long queries may hold up the replay of the log of a standby that follows no leader. Milliseconds. */
const heldUpMs = 1_000;

/** Ends all sessions of clients. Those of the agent come over the socket: a client of that name is one all the same. */
export const endClients = `
SELECT pg_terminate_backend(pid) FROM pg_stat_get_activity(NULL)
WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
  AND (application_name <> 'haservice agent' OR client_addr IS NOT NULL)`;

/**
 * Ends the sessions of clients that hold up the replay, on a standby that is fenced: how long a query may hold up a follower is the
 * user's choice (max_standby_streaming_delay), but the end of the log is needed now, to promote this member or to let it follow the
 * next leader.
 */
export class FreeReplay {
  readonly #clock: Clock;
  #heldUpSince: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Called with each status, as long as the log must be replayed. @throws what StatusPoller.rows throws */
  async check(database: Database, status: ServerStatus, signal: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#heldUpSince = status.isHeldUp ? (this.#heldUpSince ?? now) : undefined;
    if (this.#heldUpSince === undefined || now - this.#heldUpSince <= heldUpMs) return;
    this.#heldUpSince = undefined;
    await database.poller.rows(endClients, signal);
  }
}
