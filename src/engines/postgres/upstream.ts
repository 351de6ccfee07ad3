import { type TimelineRange, parseTimelineHistory } from './timeline-history.ts';
import { historyName, segmentName } from './position.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Host } from './connection.ts';
import { connectionName, literal, longestName } from './quote.ts';
import type { Login } from './login.ts';
import type { Settings } from './settings.ts';
import {
  type Session,
  type SessionOptions,
  asWalSender,
  codeOf,
  tooManyConnections,
  withSession,
} from './session.ts';

/** What a member must know of a leader before it follows. */
export interface UpstreamView {
  identity: string;
  /** It has not been promoted yet, or leads no longer. */
  standby: boolean;
  /** Major version of its server. */
  major: number;
  timeline: number;
  /** Timeline in its control file, which pg_rewind uses: it changes with the first checkpoint on a timeline. */
  controlTimeline: number;
  flushed: number;
  /** A backend waits for a checkpoint that it has asked for. */
  isCheckpointing: boolean;
  history: TimelineRange[];
  historyText: string;
  segmentBytes: number;
  /** Names of the files in its pg_wal. */
  segments: ReadonlySet<string>;
}

const lookMs = 5_000;

const query = `
SELECT (SELECT system_identifier FROM pg_control_system())::text AS identity,
  pg_is_in_recovery() AS standby,
  current_setting('server_version_num')::int / 10000 AS major,
  (SELECT timeline_id FROM pg_control_checkpoint()) AS "controlTimeline",
  (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') AS "segmentBytes",
  EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND query = 'CHECKPOINT') AS "isCheckpointing",
  CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_flush_lsn()) END AS segment,
  CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_flush_lsn() - '0/0'::pg_lsn END AS flushed`;

interface Row {
  identity: string;
  major: number;
  standby: boolean;
  controlTimeline: number;
  segmentBytes: string;
  segment: string | null;
  flushed: string | null;
  isCheckpointing: boolean;
}

/** Asks the leader, as the replication role. @throws what withSession throws */
export async function askUpstream(
  options: SessionOptions,
  signal: AbortSignal,
): Promise<UpstreamView> {
  const connection = { ...options, ...asWalSender };
  return withSession(connection, { signal, timeoutMs: lookMs }, async (session) => {
    const row = await session.row<Row>(query);
    const timeline = row.segment === null ? 0 : parseInt(row.segment.slice(0, 8), 16);
    const names = await session.rows<{ name: string }>('SELECT name FROM pg_ls_waldir()');
    const historyText = timeline > 1 ? await readHistory(session, timeline) : '';
    return {
      identity: row.identity,
      standby: row.standby,
      major: row.major,
      timeline,
      controlTimeline: row.controlTimeline,
      flushed: Number(row.flushed),
      isCheckpointing: row.isCheckpointing,
      historyText,
      history: parseTimelineHistory(timeline, historyText),
      segmentBytes: Number(row.segmentBytes),
      segments: new Set(names.map(({ name }) => name)),
    };
  });
}

/** As askUpstream. While the password is being changed, the leader has one of several: the one that it had last comes first. @returns also what it accepts */
export async function askWithEach(
  settings: Settings,
  leader: Host,
  signal: AbortSignal,
): Promise<{ view: UpstreamView; login: Login }> {
  const last = settings.leaderLogin;
  const others = settings.leaderLogins.filter(
    ({ password, kind }) => password !== last.password || kind !== last.kind,
  );
  let refusal: unknown;
  for (const login of [last, ...others]) {
    try {
      const view = await askUpstream(await settings.remote(leader, login), signal);
      return { view, login };
    } catch (error) {
      // invalid_password
      if (codeOf(error) !== '28P01') throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

/**
 * Whether the leader says that it prepares the copy for which this member has asked: it writes a checkpoint, or adds up the sizes of
 * its files. pg_basebackup prints nothing meanwhile.
 */
export async function isPreparingCopy(
  settings: Settings,
  leader: Host,
  signal: AbortSignal,
): Promise<boolean> {
  const connection = { ...(await settings.remote(leader)), ...asWalSender };
  const name = connectionName('copy', settings.member).slice(0, longestName);
  return withSession(connection, { signal, timeoutMs: lookMs }, async (session) => {
    const rows = await session.rows(
      `SELECT FROM pg_stat_progress_basebackup JOIN pg_stat_replication USING (pid)
       WHERE application_name = ${literal(name)}
         AND phase IN ('initializing', 'waiting for checkpoint to finish', 'estimating backup size')`,
    );
    return rows.length > 0;
  });
}

async function readHistory(session: Session, timeline: number): Promise<string> {
  const { content } = await session.row<{ content: string }>(
    `SELECT convert_from(pg_read_binary_file('pg_wal/${historyName(timeline)}'), 'UTF8') AS content`,
  );
  return content;
}

/** Whether the leader still has the log from `offset` on. A new timeline begins with a copy of the segment in which it begins. */
export function hasLogFrom(leader: UpstreamView, offset: number): boolean {
  const { history, segments, segmentBytes } = leader;
  return history.some(({ timeline }) => segments.has(segmentName(timeline, offset, segmentBytes)));
}

/** The problem behind an error of `askUpstream`, or of a copy, and what a person can do. */
export function problemOf(error: unknown, leader: string): EngineProblem {
  const text = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case '28P01':
      return {
        reason: 'WrongPassword',
        message: `${leader} refuses the password of role haservice: if the Secret was changed within the last two minutes, wait for the kubelets; else delete the pods that were created before the change, or run ALTER ROLE haservice PASSWORD on the leader with the password of the Secret`,
      };
    case 'HA_ERR_COMMAND_FAILED':
    case 'HA_ERR_COPY_STALLED':
      return { reason: 'CloneFailed', message: text };
    case 'HA_ERR_OTHER_VERSION':
      return { reason: 'OtherVersion', message: text };
    case 'HA_ERR_NOT_SCRAM':
      return { reason: 'NotScram', message: `this member does not follow ${leader}: ${text}` };
    case 'HA_ERR_NO_PASSWORD':
      return {
        reason: 'PasswordMissing',
        message: `${leader} asks for the password of role haservice, and the pod of this member has none, as the spec had no engine.passwordSecret when the pod was made: write engine.passwordSecret as before, with the Secret that holds the password of ${leader}; then the pod is made anew`,
      };
    case '28000':
      return {
        reason: 'NotAllowed',
        message: `${leader} does not let the role haservice in (${text}): allow the pods in pg_hba.conf, and run CREATE ROLE haservice LOGIN REPLICATION if it is missing`,
      };
    case '42501':
      return { reason: 'NotAllowed', message: `${leader}: ${text}: GRANT pg_monitor TO haservice` };
    case tooManyConnections:
      return {
        reason: 'TooManyConnections',
        message: `${leader} has no free connection: raise max_connections or max_wal_senders`,
      };
    default:
      return { reason: 'LeaderUnreachable', message: `${leader} cannot be asked: ${text}` };
  }
}
