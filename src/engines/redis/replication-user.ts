import { createHash } from 'node:crypto';
import { derivedPassword } from '../replication-password.ts';

/** The user by which members replicate from each other. docs/adr/0010 */
export const replicationUser = 'haservice-replication';

/** The commands of replication, and INFO, by which a member asks its leader for the leader's history. */
const commands = ['psync', 'sync', 'replconf', 'ping', 'info'];

/** A member as the leader sees it. */
export interface Login {
  /** As the members' user, or, with a leader whose agent is of an earlier version and does not know that user, as any client. */
  user: 'own' | 'former';
  /** Of the service; undefined: the service has none, and everybody may do everything. */
  password: string | undefined;
}

/** Derived from the password of the service, so that a server to which a member sends it does not learn that password by it. */
export const replicationPassword = (service: string, password: string | undefined): string =>
  derivedPassword(replicationUser, service, password);

const hashesOf = (service: string, passwords: readonly (string | undefined)[]): string[] =>
  passwords.map((password) =>
    createHash('sha256').update(replicationPassword(service, password)).digest('hex'),
  );

/** @param answer of ACL GETUSER. @returns whether members can log in as the user with each of these passwords */
export function canLogIn(
  answer: unknown,
  service: string,
  passwords: readonly (string | undefined)[],
): boolean {
  const fields = Array.isArray(answer) ? (answer as unknown[]) : [];
  const listOf = (name: string): string[] => {
    const value = fields[fields.indexOf(name) + 1];
    return Array.isArray(value) ? value.map(String) : [];
  };
  const known = listOf('passwords');
  return (
    listOf('flags').includes('on') &&
    hashesOf(service, passwords).every((hash) => known.includes(hash))
  );
}

/**
 * Creates the user, or replaces its passwords. By their hashes: the command may be logged.
 *
 * @param passwords of the service: members may have any of them
 */
export const createUser = (
  service: string,
  passwords: readonly (string | undefined)[],
): string[] => {
  const hashes = hashesOf(service, passwords);
  const rights = commands.map((name) => `+${name}`);
  const shown = hashes.map((hash) => `#${hash}`);
  return ['ACL', 'SETUSER', replicationUser, 'reset', 'on', ...shown, ...rights];
};

/** Arguments of AUTH; undefined: there is nothing to prove. */
export function credentials({ user, password }: Login, service: string): string[] | undefined {
  if (user === 'own') return [replicationUser, replicationPassword(service, password)];
  return password === undefined ? undefined : [password];
}

/** As whom the server replicates, from its next connection on. */
export const setLogin = (login: Login, service: string): string[] => [
  ...['CONFIG', 'SET', 'masteruser', login.user === 'own' ? replicationUser : ''],
  ...['masterauth', credentials(login, service)?.at(-1) ?? ''],
];
