import type { EngineProblem } from '../managed-engine.ts';
import type { Host } from './connection.ts';
import type { Database } from './database.ts';
import { detached } from './settings.ts';
import { asWalSender, withSession } from './session.ts';
import { limitsExceeded } from './standby-limits.ts';

/** Of the session that holds the lock: a restart, and until the member receives again. Milliseconds. */
const restartMs = 120_000;
/** How long the server may take to end in order. Milliseconds. */
const stopMs = 30_000;
/** Any number that nobody else uses for a lock of the database `postgres`. */
export const restartLock = 0x4841_5356;

/**
 * A follower that receives log, but does not replay it. If its leader was given higher limits than it has (max_connections and its kin),
 * it pauses for good, and would end when it is promoted: it is restarted, which gives it those limits. One follower at a time does that,
 * while the leader lives: it holds a lock there.
 *
 * @returns what a person should know
 */
export async function endPause(
  database: Database,
  leader: Host & { member: string },
  signal: AbortSignal,
): Promise<EngineProblem> {
  const { limits } = await database.readControl(signal);
  const exceeded = await database.session(signal, (session) => limitsExceeded(session, limits));
  if (exceeded.length === 0) {
    const message = 'somebody has paused the replay of the log here: SELECT pg_wal_replay_resume()';
    return { reason: 'ReplayPaused', message };
  }
  const settings = exceeded.map(({ name, needed }) => `${name} = ${needed}`).join(', ');
  const message = `${leader.member} was given a higher limit than this member has (${settings}): this member is restarted with that, as soon as no other member is`;
  const options = { ...(await database.settings.remote(leader)), ...asWalSender };
  await withSession(options, { signal, timeoutMs: restartMs }, async (session) => {
    const { mine } = await session.row<{ mine: boolean }>(
      `SELECT pg_try_advisory_lock(${restartLock}) AS mine`,
    );
    if (!mine) return;
    database.context.log.warn({ leader, settings }, message);
    await database.stop('fast', AbortSignal.any([signal, AbortSignal.timeout(stopMs)]));
    await database.start({ leader, sync: detached.sync }, signal);
    await database.until(signal, ({ streaming, isPaused }) => streaming && !isPaused);
  });
  return { reason: 'ReplayPaused', message };
}
