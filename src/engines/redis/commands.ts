import { noLeader } from './server-config.ts';

/** Redis commands of which orders are made. */

/**
 * After how many seconds without a word from a follower the leader no longer counts it. Followers acknowledge each second, and
 * the leader counts in whole seconds, so that 1 would refuse writes after the slightest delay. Meanwhile, a leader that is cut
 * off still answers clients that do not use WAIT: Strong does not promise to retain their writes.
 */
export const maxLagSeconds = 2;

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
