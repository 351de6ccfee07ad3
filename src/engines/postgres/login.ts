import type { ReplicationPassword } from '../../protocol/member-protocol.ts';
import { type Passwords, candidates } from '../engine-context.ts';
import { derivedPassword } from '../replication-password.ts';
import { type RolePasswords, replicationUser } from './role.ts';

/** A member as its leader sees it. docs/adr/0011 */
export interface Login {
  /** Of the service; undefined: there is none. */
  password: string | undefined;
  /** Which password is shown: the one of replication, or, to a leader that an earlier version has made, that of the service. */
  kind: ReplicationPassword;
}

/** The password of the replication role. */
export function secretOf({ password, kind }: Login, service: string): string | undefined {
  if (password === undefined || kind === 'service') return password;
  return derivedPassword(replicationUser, service, password);
}

/** What a new data set begins with, and what is tried first. An operator of an earlier version says nothing, and has made earlier members. */
export const wishedKind = ({ replication = 'service' }: Passwords): ReplicationPassword =>
  replication;

/** Those to try with a leader, the most likely first: it has one of several while the password, or the version of the members, changes. */
export function logins(passwords: Passwords): Login[] {
  const first = wishedKind(passwords);
  const kinds: ReplicationPassword[] = [first, first === 'own' ? 'service' : 'own'];
  return candidates(passwords).flatMap((password) =>
    // Without a password there is one attempt.
    (password === undefined ? [first] : kinds).map((kind) => ({ password, kind })),
  );
}

/**
 * The passwords that the roles of a leader may have.
 * @param passwords of the service
 * @param isSettled all members know the first of these, so that the kind may change: see RenewedSecrets
 */
export function rolePasswords(
  service: string,
  replication: Passwords['replication'],
  passwords: readonly [string, ...string[]],
  isSettled: boolean,
): RolePasswords {
  const [first, ...others] = passwords;
  const secret = (password: string, kind: ReplicationPassword) =>
    secretOf({ password, kind }, service) ?? password;
  const wished = replication ?? 'service';
  const isChosen = isSettled && replication !== undefined;
  const either = (password: string) => [secret(password, 'own'), secret(password, 'service')];
  return {
    superuser: passwords,
    replication: [
      secret(first, wished),
      ...(isChosen
        ? others.map((password) => secret(password, wished))
        : passwords.flatMap(either)),
    ],
  };
}
