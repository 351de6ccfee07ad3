import { HAError } from '../../api/errors.ts';
import type { Order } from '../../api/member-protocol.ts';
import type { Database } from './database.ts';
import { syncNames } from './quote.ts';
import { alone } from './settings.ts';
import type { ServerStatus } from './status.ts';

/** How long a standby has to stop following when it is asked to, before it is restarted instead. Milliseconds. */
const fenceMs = 4_000;
/** A receiver that goes on for so long is ended by a signal; one that is gone for so long does not come back. */
const receiverMs = 250;

/**
 * The server takes no writes and follows nobody: it can acknowledge nothing any more, and what it holds is final.
 */
export async function fence(database: Database, signal: AbortSignal): Promise<void> {
  const { server, situation } = database;
  if (server.pid === undefined || database.mayLead) {
    await restartAlone(database, signal);
    return;
  }
  if (situation.leader === undefined) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(fenceMs)]);
  try {
    // One that is still coming up cannot be told; it may be waiting for the leader's log.
    if ((await database.pulse.ask(limit)) === 'down') throw new Error('it is not up');
    await database.tell(alone, limit);
    await receiverGone(database, limit);
  } catch {
    signal.throwIfAborted();
    await restartAlone(database, signal);
  }
}

/** Ends the server as a crash would, which no transaction outlives that was not committed, and starts it as a standby. */
async function restartAlone(database: Database, signal: AbortSignal): Promise<void> {
  await database.stop('immediate');
  await database.start(alone, signal);
}

/**
 * The startup process, which starts receivers, has been told; when it waits for nothing but more log it has also looked. While
 * it is held up in between (by a query that it must not disturb) it starts none, but one that runs would go on.
 */
async function receiverGone(database: Database, signal: AbortSignal): Promise<ServerStatus> {
  const { clock } = database.context;
  const beganAt = clock.now();
  let goneSince: number | undefined;
  for (;;) {
    const status = await database.until(signal);
    const now = clock.now();
    if (status.receiver === undefined) {
      goneSince ??= now;
      if (status.idle && goneSince < now) return status;
      if (now - goneSince > receiverMs) return status;
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

/** Makes a standby that has data take writes, or a leader ask for other acknowledgements. */
export async function promote(
  database: Database,
  order: Order<'promote'>,
  signal: AbortSignal,
): Promise<void> {
  const sync = syncNames(order.sync);
  const before = await database.until(signal);
  if (!before.standby) {
    if (before.sync === sync && database.situation.sync === sync) return;
    await database.tell({ sync }, signal);
    // Whether commits wait at all is the checkpointer's to say. When it has made a checkpoint it has read its settings.
    if (before.sync === '') await checkpoint(database, signal);
    return;
  }
  // A promotion that was cut off may have left it asking for nobody: it begins anew with a server in which every commit waits.
  if (database.situation.sync === '') await restartAlone(database, signal);
  else await fence(database, signal);
  const standby = await database.until(signal);
  const timeline = await database.timelineOf(standby);
  await database.tell({ sync }, signal);
  // So that the new timeline has the number epoch + 1: see Timelines.
  await database.timelines.fill(Math.max(order.epoch, timeline));
  database.mayLead = true;
  await database.session(signal, (session) => session.rows('SELECT pg_promote(false)'));
  const leader = await database.until(signal, (status) => !status.standby);
  if (leader.sync !== sync) {
    throw new HAError(
      'HA_ERR_DATABASE',
      `synchronous_standby_names is ${leader.sync}, not ${sync}`,
    );
  }
  await tryToWrite(database, signal);
}

/** A transaction that is rolled back waits for nobody's acknowledgement, and counts for nothing. */
async function tryToWrite(database: Database, signal: AbortSignal): Promise<void> {
  await database.session(signal, async (session) => {
    await session.rows('BEGIN');
    await session.rows(`SELECT pg_logical_emit_message(true, 'haservice', 'this member leads')`);
    await session.rows('ROLLBACK');
  });
}

/** Until then pg_rewind takes a new leader for one of the old timeline. */
export async function checkpoint(database: Database, signal: AbortSignal): Promise<void> {
  await database.session(signal, (session) => session.rows('CHECKPOINT'), 3_600_000);
}
