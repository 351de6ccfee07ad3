import { createHash } from 'node:crypto';
import type { SyncSet } from '../../protocol/member-protocol.ts';

/** Bytes of an application_name; Postgres cuts off what is longer (NAMEDATALEN). */
const longestName = 63;

/** A member's application_name: its own name, or a unique short form of it. */
export function applicationName(member: string): string {
  if (member.length <= longestName) return member;
  const hash = createHash('sha256').update(member).digest('hex').slice(0, 12);
  return `${member.slice(0, longestName - 13)}-${hash}`;
}

/** What a connection to the leader is for. */
export type Purpose = 'follow' | 'copy' | 'rewind';

/**
 * application_name of a connection to the leader. Only who follows has the member's name, by which synchronous_standby_names
 * counts it: pg_basebackup acknowledges what it receives of the log, too, but a copy that is not complete holds nothing. The
 * name of a copy has a space in it, and thereby is no pod's, wherever Postgres cuts it off.
 */
export const connectionName = (purpose: Purpose, member: string) =>
  purpose === 'follow' ? applicationName(member) : `${purpose} for ${member}`;

/** Value in postgresql.conf. */
export const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Value in a connection string of libpq. */
const connectionValue = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export const connectionString = (options: Record<string, string | number>) =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${connectionValue(String(value))}`)
    .join(' ');

/** synchronous_standby_names. Any `acks` of the members, or nobody. */
export function syncNames(sync: SyncSet | undefined): string {
  if (sync === undefined || sync.acks === 0 || sync.members.length === 0) return '';
  const names = sync.members.map((member) => `"${applicationName(member).replaceAll('"', '""')}"`);
  return `ANY ${sync.acks} (${names.join(',')})`;
}

/**
 * In force in every standby: asks for a member that cannot be. The server thereby begins to take writes in a state in which
 * every commit waits, whatever of its processes has seen the change to the real names first.
 */
export const nobodyYet = 'ANY 1 ("(no order yet)")';
