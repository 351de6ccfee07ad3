import { HAError } from '../../api/errors.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import type { Database } from './database.ts';
import { fence, restartAlone } from './fence.ts';
import { FreeReplay } from './free-replay.ts';
import { syncNames } from './quote.ts';

/**
 * Makes a standby with data take writes, or changes the acknowledgements that a leader asks for.
 * @returns whether it has just begun to lead
 */
export async function promote(
  database: Database,
  order: Order<'promote'>,
  signal: AbortSignal,
): Promise<boolean> {
  const sync = syncNames(order.sync);
  const before = await database.until(signal);
  if (!before.standby) {
    if (before.sync !== sync || database.replication.sync !== sync) {
      await database.apply({ sync }, signal);
    }
    // The checkpointer decides whether commits wait at all. Once it has made a checkpoint, it has read its settings.
    if (sync !== '' && !database.commitsWait) {
      await checkpoint(database, signal);
      database.commitsWait = true;
    }
    return false;
  }
  // In a standby, commits wait for a standby that does not exist; if that is not certain, the server is restarted.
  if (database.commitsWait && !before.isPaused) await fence(database, signal);
  else await restartAlone(database, signal);
  const timeline = await database.timelineOf(await database.until(signal));
  await database.apply({ sync }, signal);
  // So that the new timeline has the number epoch + 1: see Timelines.
  await database.timelines.reserve(Math.max(order.epoch, timeline));
  database.mayLead = true;
  await database.poller.rows('SELECT pg_promote(false)', signal);
  await waitForPromotion(database, signal);
  await tryToWrite(database, signal);
  const now = await database.until(signal);
  if (now.sync !== sync) {
    throw new HAError('HA_ERR_DATABASE', `synchronous_standby_names is ${now.sync}, not ${sync}`);
  }
  return true;
}

async function waitForPromotion(database: Database, signal: AbortSignal): Promise<void> {
  const replay = new FreeReplay(database.context.clock);
  for (;;) {
    const status = await database.until(signal);
    if (!status.standby) return;
    await replay.check(database, status, signal);
    await database.pause(signal);
  }
}

/** A transaction that is rolled back waits for no acknowledgement and changes nothing. */
async function tryToWrite(database: Database, signal: AbortSignal): Promise<void> {
  await database.session(signal, async (session) => {
    await session.rows('BEGIN READ WRITE');
    await session.rows(`SELECT pg_logical_emit_message(true, 'haservice', 'this member leads')`);
    await session.rows('ROLLBACK');
  });
}

/**
 * Before its first checkpoint, pg_rewind takes a new leader for one of the old timeline. How long it takes depends on the memory and
 * the disk, and nobody is served better if it is given up.
 */
export async function checkpoint(database: Database, signal: AbortSignal): Promise<void> {
  await database.session(signal, (session) => session.rows('CHECKPOINT'), Infinity);
}
