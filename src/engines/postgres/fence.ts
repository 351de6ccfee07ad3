import type { Database } from './database.ts';
import { alone } from './settings.ts';
import type { ServerStatus } from './status.ts';

/** How long a standby has to stop following when it is asked to, before it is restarted instead. Milliseconds. */
const fenceMs = 4_000;
/** A receiver that goes on for so long is ended by a signal; one that is gone for so long does not come back. */
const receiverMs = 250;
/** How long a leader may take to hand the rest of its log to those who follow it. Milliseconds. */
const handOverMs = 500;

/**
 * Resolves when the server takes no writes and follows nobody: it can acknowledge nothing any more, and what it holds is
 * final.
 */
export async function fence(database: Database, signal: AbortSignal): Promise<void> {
  const { server } = database;
  if (server.pid === undefined || database.mayLead) {
    if (server.pid !== undefined) await handOver(database, signal);
    await restartAlone(database, signal);
    return;
  }
  if (!database.mayFollow) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(fenceMs)]);
  try {
    // One that is still coming up cannot be told; it may be waiting for the leader's log.
    if ((await database.pulse.ask(limit)) === 'down') throw new Error('it is not up');
    await database.tell(alone, limit);
    await receiverGone(database, limit);
    database.mayFollow = false;
  } catch {
    signal.throwIfAborted();
    await restartAlone(database, signal);
  }
}

/** Ends the server as a crash would, which no transaction outlives that was not committed, and starts it as a standby. */
export async function restartAlone(database: Database, signal: AbortSignal): Promise<void> {
  await database.stop('immediate');
  await database.start(alone, signal);
}

/** Fences, and waits until all of the log that it holds is replayed. */
export async function settle(database: Database, signal: AbortSignal): Promise<ServerStatus> {
  await fence(database, signal);
  await database.until(signal);
  await database.session(signal, (session) =>
    session.rows(
      'SELECT CASE WHEN pg_is_in_recovery() AND pg_is_wal_replay_paused() THEN pg_wal_replay_resume() END',
    ),
  );
  return database.until(signal, ({ idle, receiver }) => idle && receiver === undefined);
}

/**
 * So that a planned change of leaders leaves nothing behind here that would have to be rewound: clients are cut off, and who
 * follows gets the rest. A commit that waited for an acknowledgement is not acknowledged by that: its client sees the connection
 * end. Best effort: what makes sure is that the server is ended after it.
 */
async function handOver(database: Database, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(handOverMs)]);
  try {
    await database.settings.say({ ...database.situation, readOnly: true });
    database.server.reload();
    await database.session(limit, async (session) => {
      await session.rows(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> 'haservice agent'`,
      );
      for (;;) {
        const { behind } = await session.row<{ behind: boolean }>(
          `SELECT coalesce(bool_or(flush_lsn < pg_current_wal_flush_lsn()), false) AS behind
           FROM pg_stat_replication WHERE state = 'streaming'`,
        );
        if (!behind) return;
        await database.pause(limit);
      }
    });
  } catch {
    signal.throwIfAborted();
  }
}

/**
 * The startup process, which starts receivers, has been told; when it waits for nothing but more log it has also looked. While
 * it is held up in between (by a query that it must not disturb) it starts none, but one that runs would go on.
 */
async function receiverGone(database: Database, signal: AbortSignal): Promise<void> {
  const { clock } = database.context;
  const beganAt = clock.now();
  let goneSince: number | undefined;
  for (;;) {
    const status = await database.until(signal);
    const now = clock.now();
    if (status.receiver === undefined) {
      goneSince ??= now;
      if ((status.idle && goneSince < now) || now - goneSince > receiverMs) return;
    } else {
      goneSince = undefined;
      if (now - beganAt > receiverMs) end(status.receiver);
    }
    await database.pause(signal);
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has gone by itself.
  }
}
