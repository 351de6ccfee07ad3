import { nowhere } from './server-config.ts';

/** Commands that orders are made of. */

/**
 * How long a follower may keep silent before the leader does not count it any more. Followers speak up each second, and the
 * leader counts in whole seconds, so that 1 would refuse writes for a hiccup. In the time between, a leader that is cut off
 * goes on to answer clients that do not ask WAIT: their writes are not among those that Strong promises to keep.
 */
export const maxLagSeconds = 2;

/**
 * A leader in Strong has each write on its disk before anybody hears of it. With `everysec` Redis puts off writing, not just
 * syncing, for up to two seconds while an earlier sync is under way (flushAppendOnlyFile): what a SIGKILL then leaves lacks
 * writes that followers hold and WAIT has confirmed, and a leader that is back with its data would not be what it is taken for.
 */
export const setSync = (policy: string) => ['CONFIG', 'SET', 'appendfsync', policy];
/** For the same reason one that is fenced writes down what it holds before it answers: its position may make it the leader. */
export const syncAll = setSync('always');
export const toNowhere = ['REPLICAOF', nowhere.host, String(nowhere.port)];
/**
 * Whether it answers reads while it has no link to a leader. A follower may, as it may be behind at any time; one that was fenced,
 * or has just been started, may have been the primary, and clients would take its answers for the primary's.
 */
export const serveStale = (answer: 'yes' | 'no') => [
  'CONFIG',
  'SET',
  'replica-serve-stale-data',
  answer,
];
/** Kept connections of clients outlive a repoint of their Service; those of followers would go on with this member's log. */
export const dropClients = ['normal', 'pubsub', 'replica'].map((type) => [
  ...['CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'],
]);
