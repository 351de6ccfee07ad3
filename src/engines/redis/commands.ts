import type { EngineProblem } from '../managed-engine.ts';
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

/** One of each command without which the agent cannot manage a server. None changes anything in a server that has just started. */
export const probes = [
  ['INFO', 'server'],
  ['CONFIG', 'GET', 'port'],
  ['CLIENT', 'ID'],
  ['ACL', 'USERS'],
  followNobody,
];

/** @param answers to the probes, of a server that may still load its data */
export function refusedCommands(answers: readonly unknown[]): EngineProblem | undefined {
  const refused = probes.flatMap(([name = ''], i) => {
    const answer = answers[i];
    // The text of a refusal may quote the arguments.
    const isRefused =
      answer instanceof Error && /unknown command|^NO(PERM|AUTH)/i.test(answer.message);
    return isRefused ? [name] : [];
  });
  if (refused.length === 0) return undefined;
  const settings = refused.map((name) => `rename-command ${name}`).join(' and ');
  return {
    reason: 'CommandRefused',
    message: `the server refuses ${refused.join(' and ')}, which the agent needs: remove ${settings} from the arguments and the configuration of the server, or let the user default have the password of engine.passwordSecret and run all commands (+@all) in its aclfile; to keep clients from a command, take it from their users`,
  };
}
