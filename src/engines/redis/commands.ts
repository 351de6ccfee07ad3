import { noLeader } from './server-config.ts';

/** Redis commands of which orders are made. */

/**
 * After how many seconds without a word from a follower the leader no longer counts it. Followers acknowledge each second, and
 * the leader counts in whole seconds, so that 1 would refuse writes after the slightest delay. Meanwhile, a leader that is cut
 * off still answers clients that do not use WAIT: Strong does not promise to retain their writes.
 */
export const maxLagSeconds = 2;

/**
 * A leader in Strong has each write on its disk before it answers. With `everysec` Redis delays the write itself, not only the
 * sync, for up to two seconds while an earlier sync is in progress (flushAppendOnlyFile): after a SIGKILL its disk lacks writes
 * that followers hold and WAIT has confirmed, and the position that a restarted leader reports would be too low.
 */
export const setSync = (policy: string) => ['CONFIG', 'SET', 'appendfsync', policy];
/** For the same reason a fenced member writes all data to its disk before it answers: its position may make it the leader. */
export const syncAll = setSync('always');
export const followNobody = ['REPLICAOF', noLeader.host, String(noLeader.port)];
/**
 * Whether it answers reads while it has no link to a leader. A follower may, as it may be behind at any time; a member that was
 * fenced, or has just started, may have been the primary, and clients would take its answers for the primary's.
 */
export const serveStale = (answer: 'yes' | 'no') => [
  'CONFIG',
  'SET',
  'replica-serve-stale-data',
  answer,
];
/** Open connections of clients survive a repoint of their Service; followers would continue with the log of this member. */
export const dropClients = ['normal', 'pubsub', 'replica'].map((type) => [
  ...['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'],
]);
