import type { Database } from './database.ts';
import { FreeReplay, endClients } from './free-replay.ts';
import { detached } from './settings.ts';
import type { ServerStatus } from './status.ts';

/** How long a standby may take to stop following before it is restarted instead. Milliseconds. */
const fenceMs = 4_000;
/** A receiver that runs for longer is ended by a signal; one that is absent for longer does not return. Milliseconds. */
const receiverMs = 250;
/** How long a leader may take to send the rest of its log to its followers. Milliseconds. */
const handOverMs = 500;

/**
 * Resolves when the server takes no writes and follows no leader: it can acknowledge nothing any more, and its position is
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
    // A starting server cannot be told; it may be waiting for the leader's log.
    const status = await database.poller.ask(limit);
    if (status === 'down') throw new Error('the server is not up');
    // It would end when it is promoted, if limits of its leader have paused it: a start keeps them.
    if (status.isPaused) throw new Error('the replay is paused');
    await database.apply(detached, limit);
    await receiverGone(database, limit);
    database.mayFollow = false;
  } catch {
    signal.throwIfAborted();
    await restartAlone(database, signal);
  }
}

/** Ends the server as a crash would, so that no uncommitted transaction survives, and starts it as a standby. */
export async function restartAlone(database: Database, signal: AbortSignal): Promise<void> {
  await database.stop('immediate');
  await database.start(detached, signal);
}

/** Fences, and waits until all of its log is replayed. */
export async function fenceAndReplay(
  database: Database,
  signal: AbortSignal,
): Promise<ServerStatus> {
  await fence(database, signal);
  const replay = new FreeReplay(database.context.clock);
  for (;;) {
    const status = await database.until(signal);
    if (status.idle && status.receiver === undefined) return status;
    // It would end if it was told to go on, if limits of its leader have paused it: a start keeps them, and goes on in each case.
    if (status.isPaused) await restartAlone(database, signal);
    await replay.check(database, status, signal);
    await database.pause(signal);
  }
}

/**
 * Prevents that a planned change of leaders leaves something behind that would have to be rewound: clients are disconnected, and
 * the followers receive the rest of the log. A commit that waited for an acknowledgement is not acknowledged by that: its client
 * sees the connection end. Best effort: the end of the server, which follows, is what makes sure.
 */
async function handOver(database: Database, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(handOverMs)]);
  try {
    await database.settings.write({ ...database.replication, readOnly: true });
    database.server.reload();
    await database.session(limit, async (session) => {
      await session.rows(endClients);
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
 * The startup process, which starts receivers, has been signalled; if it waits only for more log, it has also read the settings.
 * While a query that it must not disturb holds it up, it starts no receiver, but a running one would continue.
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
    // It has ended by itself.
  }
}
