import { HAError } from '../../api/errors.ts';
import type { Host } from './connection.ts';
import type { Database } from './database.ts';
import { replicationUser, superuser } from './role.ts';
import {
  type SessionOptions,
  asWalSender,
  codeOf,
  tooManyConnections,
  withSession,
} from './session.ts';

const lookMs = 5_000;

/**
 * The client of the leader that loses least if its connection ends: one that does nothing, else one whose commit waits for a follower
 * such as this one. The server does not notice that a client is gone while its commit waits, so these may hold connections for good.
 */
const endOne = `
SELECT pg_terminate_backend(pid, 1000) AS ended FROM pg_stat_activity
WHERE backend_type = 'client backend' AND (state = 'idle' OR wait_event = 'SyncRep')
ORDER BY state = 'idle' DESC, state_change LIMIT 1`;
/** Before version 14 it takes the process id alone. */
const endOneBefore14 = endOne.replace(', 1000', '');

/**
 * The role with which pg_rewind gets a connection to the leader. pg_rewind cannot use that of a WAL sender; the superuser has
 * connections of its own (superuser_reserved_connections), unless the clients are superusers: then one of these is disconnected.
 *
 * @throws what withSession throws: with code 53300 if the leader has no connection left, also after that
 */
export async function roleForRewind(
  database: Database,
  leader: Host,
  signal: AbortSignal,
): Promise<string> {
  const { settings, major } = database;
  const limits = { signal, timeoutMs: lookMs };
  const options = await settings.remote(leader);
  const service = await settings.remote(leader, { ...settings.leaderLogin, kind: 'service' });
  const asSuperuser: SessionOptions = { ...service, user: superuser };
  for (const to of [options, asSuperuser]) {
    try {
      await withSession(to, limits, async () => {});
      return to === options ? replicationUser : superuser;
    } catch (error) {
      if (codeOf(error) !== tooManyConnections) throw error;
    }
  }
  const ended = await withSession({ ...asSuperuser, ...asWalSender }, limits, (session) =>
    session.rows(major < 14 ? endOneBefore14 : endOne),
  );
  database.context.log.warn(
    { leader, ended: ended.length },
    'the leader has no connection left for pg_rewind: disconnecting one of its clients',
  );
  await withSession(asSuperuser, limits, async () => {});
  return superuser;
}

/** Whether pg_rewind has failed before it changed anything, as this is what it begins with. */
export const isNotConnected = (error: unknown): boolean =>
  error instanceof HAError &&
  /connection to server .* failed|could not connect to server|Is the server running/.test(
    error.message,
  );
