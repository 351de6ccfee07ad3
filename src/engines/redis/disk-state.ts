import type { DataRetention } from './data-retention.ts';
import {
  type ReplicationHistory,
  type ReplicationTarget,
  isFollowing,
} from './replication-history.ts';
import { type ServerInfo, cannotLog } from './server-info.ts';

/**
 * Tells the retention what the server has reported of its log: a restart finds the data in memory, or older ones.
 *
 * @throws HAError HA_ERR_STATE_FILE
 */
export async function noteDiskState(
  retention: DataRetention,
  info: ServerInfo,
  target: ReplicationTarget,
  history: ReplicationHistory,
): Promise<void> {
  if (isWritten(info, target, history)) retention.written();
  else if (cannotLog(info) || isLogOff(info, target)) retention.unwritten();
  else if (target.kind === 'following' && info.rewriting) await retention.detectCopy();
}

/**
 * Whether the disk holds all data that are in memory: the log is on and is not being rewritten; no copy can begin at the next
 * moment; and the data in memory are not those that a restart has found.
 */
function isWritten(
  info: ServerInfo,
  target: ReplicationTarget,
  history: ReplicationHistory,
): boolean {
  if (info.loading || !info.logging || info.rewriting || cannotLog(info)) return false;
  return target.kind === 'following'
    ? target.link !== 'none' && info.master?.linked === true
    : history.isKnown;
}

/** Whether another client has turned the log off. The server does that itself, to load the data of its leader. */
export function isLogOff(info: ServerInfo, target: ReplicationTarget): boolean {
  if (info.logging || info.loading) return false;
  if (target.kind === 'leading') return true;
  return target.kind === 'following' && isFollowing(info, target) && info.master?.linked === true;
}
