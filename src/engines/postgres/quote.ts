import { createHash } from 'node:crypto';
import type { SyncSet } from '../../protocol/member-protocol.ts';

/** Bytes of an application_name; Postgres cuts off the rest (NAMEDATALEN). */
export const longestName = 63;

/** A member's application_name: its own name, or a unique short form of it. */
export function applicationName(member: string): string {
  if (member.length <= longestName) return member;
  const hash = createHash('sha256').update(member).digest('hex').slice(0, 12);
  return `${member.slice(0, longestName - 13)}-${hash}`;
}

/** Purpose of a connection to the leader. */
export type Purpose = 'follow' | 'copy' | 'rewind';

/**
 * application_name of a connection to the leader. Only a following member uses its own name, by which synchronous_standby_names
 * counts it: pg_basebackup also acknowledges log that it receives, but an incomplete copy holds nothing. The name of a copy
 * contains a space, so that it is never a pod's, wherever Postgres cuts it off.
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

/** Value of synchronous_standby_names: any `acks` of the members, or none. */
export function syncNames(sync: SyncSet | undefined): string {
  if (sync === undefined || sync.acks === 0 || sync.members.length === 0) return '';
  const names = sync.members.map((member) => `"${applicationName(member).replaceAll('"', '""')}"`);
  return `ANY ${sync.acks} (${names.join(',')})`;
}

/**
 * In force in every standby: asks for a standby that cannot exist. So the server begins to take writes in a state in which every
 * commit waits, whichever of its processes reads the change to the real names first.
 */
export const noStandby = 'ANY 1 ("(no order yet)")';
