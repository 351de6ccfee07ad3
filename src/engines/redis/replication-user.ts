import { createHash, createHmac } from 'node:crypto';

/** The user by which members replicate from each other. docs/adr/0010 */
export const replicationUser = 'haservice-replication';

/** The commands of replication, and INFO, by which a member asks its leader for the leader's history. */
const commands = ['psync', 'sync', 'replconf', 'ping', 'info'];

/**
 * A member as the leader sees it: by the user of its own, or, to a leader whose agent is of an earlier version and does not know that
 * user, as any client.
 */
export type Login = 'own' | 'former';

/** What all members of a service know, and of which they derive the password of their user. */
export interface Identity {
  service: string;
  /** Undefined: the service has none, and everybody may do everything. */
  password: string | undefined;
}

/** A server to which a member sends it does not learn the password of the service by it. */
export const replicationPassword = ({ service, password }: Identity): string =>
  createHmac('sha256', password ?? '')
    .update(`${replicationUser} of ${service}`)
    .digest('hex');

/** Creates the user. By the hash of its password: the command may be logged. */
export const createUser = (identity: Identity): string[] => {
  const hash = createHash('sha256').update(replicationPassword(identity)).digest('hex');
  const rights = commands.map((name) => `+${name}`);
  return ['ACL', 'SETUSER', replicationUser, 'reset', 'on', `#${hash}`, ...rights];
};

/** Arguments of AUTH; undefined: there is nothing to prove. */
export function credentials(login: Login, identity: Identity): string[] | undefined {
  if (login === 'own') return [replicationUser, replicationPassword(identity)];
  return identity.password === undefined ? undefined : [identity.password];
}

/** As whom the server replicates, from its next connection on. */
export const setLogin = (login: Login, identity: Identity): string[] => [
  ...['CONFIG', 'SET', 'masteruser', login === 'own' ? replicationUser : ''],
  ...['masterauth', credentials(login, identity)?.at(-1) ?? ''],
];
