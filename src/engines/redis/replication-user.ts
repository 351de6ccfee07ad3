import { createHash, createHmac } from 'node:crypto';

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
  createHmac('sha256', password ?? '')
    .update(`${replicationUser} of ${service}`)
    .digest('hex');

/**
 * Creates the user, or replaces its passwords. By their hashes: the command may be logged.
 *
 * @param passwords of the service: members may have any of them
 */
export const createUser = (
  service: string,
  passwords: readonly (string | undefined)[],
): string[] => {
  const hashes = passwords.map((password) =>
    createHash('sha256').update(replicationPassword(service, password)).digest('hex'),
  );
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
