import type { Session } from './session.ts';

/** The status that a running server reports. */
export interface ServerStatus {
  standby: boolean;
  /** Bytes of the log that are on disk. */
  offset: number;
  /** Of a leader: its own; of a standby: that of the log that it receives, if it does. */
  timeline: number | undefined;
  /** Process id of the receiver of the leader's log. */
  receiver: number | undefined;
  /** The replication stream is connected. */
  streaming: boolean;
  /** It has flushed all that the leader has announced. */
  caughtUp: boolean;
  /** A standby that has replayed all of its log, and waits for more. */
  idle: boolean;
  /** A standby that delays the replay for a query that runs here. */
  isHeldUp: boolean;
  replayed: number;
  /** A standby that receives log, but does not replay it: see ReplayPause. */
  isPaused: boolean;
  /** synchronous_standby_names and primary_conninfo, as this session knows them. */
  sync: string;
  connection: string;
}

/** The function, as the view of the same name reads pg_authid, which others may have locked. */
const query = `
SELECT s.standby, s.received, s.replayed, s.flushed, s.segment, coalesce(s.paused, false) AS paused,
  w.received_tli AS "receivedTimeline", coalesce(w.status = 'streaming', false) AS streaming,
  coalesce(w.latest_end_lsn <= greatest(w.flushed_lsn, pg_last_wal_replay_lsn()), false) AS "caughtUp",
  (SELECT min(pid) FROM pg_stat_get_activity(NULL) WHERE backend_type = 'walreceiver') AS receiver,
  p.wait_event AS waiting, p.wait_event_type AS "waitingFor",
  current_setting('synchronous_standby_names') AS sync,
  current_setting('primary_conninfo') AS connection
FROM (
  SELECT r.standby,
    CASE WHEN r.standby THEN pg_last_wal_receive_lsn() - '0/0'::pg_lsn END AS received,
    CASE WHEN r.standby THEN pg_last_wal_replay_lsn() - '0/0'::pg_lsn END AS replayed,
    CASE WHEN r.standby THEN pg_is_wal_replay_paused() END AS paused,
    CASE WHEN NOT r.standby THEN pg_current_wal_flush_lsn() - '0/0'::pg_lsn END AS flushed,
    CASE WHEN NOT r.standby THEN pg_walfile_name(pg_current_wal_flush_lsn()) END AS segment
  FROM (SELECT pg_is_in_recovery() AS standby OFFSET 0) r
) s LEFT JOIN pg_stat_wal_receiver w ON true
  LEFT JOIN pg_stat_get_activity(NULL) p ON p.backend_type = 'startup'`;

interface Row {
  standby: boolean;
  received: string | null;
  replayed: string | null;
  flushed: string | null;
  segment: string | null;
  paused: boolean;
  receivedTimeline: number | null;
  streaming: boolean;
  caughtUp: boolean;
  receiver: number | null;
  waiting: string | null;
  waitingFor: string | null;
  sync: string;
  connection: string;
}

export async function askStatus(session: Session): Promise<ServerStatus> {
  const row = await session.row<Row>(query);
  const replayed = Number(row.replayed ?? 0);
  return {
    standby: row.standby,
    // A new receiver counts from the start of a segment; what was replayed is held all the same.
    offset: row.standby ? Math.max(Number(row.received ?? 0), replayed) : Number(row.flushed),
    timeline:
      row.segment === null
        ? (row.receivedTimeline ?? undefined)
        : parseInt(row.segment.slice(0, 8), 16),
    receiver: row.receiver ?? undefined,
    streaming: row.streaming,
    caughtUp: row.caughtUp,
    // It looks in pg_wal first, then asks the leader, and only then waits for this event.
    idle: row.waiting === 'RecoveryRetrieveRetryInterval',
    isHeldUp:
      row.waiting?.startsWith('RecoveryConflict') === true ||
      ['Lock', 'BufferPin'].includes(row.waitingFor ?? ''),
    replayed,
    isPaused: row.paused,
    sync: row.sync,
    connection: row.connection,
  };
}
