import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { prepared } from './saslprep.ts';
import type { Session } from './session.ts';

/** As initdb was told to name it. */
export const superuser = 'postgres';

/** Role by which members copy and follow each other. Its password is derived from that of the superuser: see Login. */
export const replicationUser = 'haservice';

/** The role copies whole members, so the permission to read their files adds nothing. */
const functions = [
  'pg_ls_dir(text, boolean, boolean)',
  'pg_stat_file(text, boolean)',
  'pg_read_binary_file(text)',
  'pg_read_binary_file(text, bigint, bigint, boolean)',
];

/** One statement per line, as single-user mode reads them. */
export function roleStatements(password: string): string[] {
  const role = replicationUser;
  return [
    `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD '${verifierOf(password)}'`,
    `GRANT pg_monitor TO ${role}`,
    ...functions.map((name) => `GRANT EXECUTE ON FUNCTION pg_catalog.${name} TO ${role}`),
  ];
}

/** What the roles of a leader may have, by the role. */
export interface RolePasswords {
  superuser: readonly [string, ...string[]];
  replication: readonly [string, ...string[]];
}

/**
 * On a leader: gives each of the roles the first of its passwords unless it has one of these, and creates the role of replication in a
 * data set that was created without the agent. Asks for no acknowledgement: followers need the role to give one.
 */
export async function ensureRoles(session: Session, passwords: RolePasswords): Promise<void> {
  // In a message of its own: the settings at its beginning decide whether a message is logged.
  await session.rows(`SET lock_timeout = ${lockMs}; ${quiet}`);
  const roles = await session.rows<{ name: string; verifier: string | null }>(
    `SELECT rolname AS name, rolpassword AS verifier FROM pg_authid WHERE rolname IN ('${superuser}', '${replicationUser}')`,
  );
  const passwordsOf = (name: string) =>
    name === superuser ? passwords.superuser : passwords.replication;
  const changed = roles.filter(
    ({ name, verifier }) => !passwordsOf(name).some((each) => fits(each, verifier ?? '')),
  );
  const statements = [
    ...(roles.some(({ name }) => name === replicationUser)
      ? []
      : roleStatements(passwords.replication[0])),
    ...changed.map(
      ({ name }) => `ALTER ROLE ${name} PASSWORD '${verifierOf(passwordsOf(name)[0])}'`,
    ),
  ];
  if (statements.length === 0) return;
  await session.rows(
    ['BEGIN READ WRITE', 'SET LOCAL synchronous_commit = local', ...statements, 'COMMIT'].join(
      '; ',
    ),
  );
}

/** Milliseconds; others may hold locks for as long as they like. */
const lockMs = 1_000;

/** Verifiers, which help to guess a password, appear in no log. */
const quiet = [
  ...['log_statement = none', 'log_min_error_statement = panic', 'log_duration = off'],
  ...['log_min_duration_statement = -1', 'log_min_duration_sample = -1'],
  'log_transaction_sample_rate = 0',
]
  .map((setting) => `SET ${setting}`)
  .join('; ');

const iterations = 4096;

/**
 * The verifier that Postgres stores for a password, so that the password itself is in no log: SCRAM-SHA-256 of RFC 5802 and
 * RFC 7677.
 */
function verifierOf(password: string, salt = randomBytes(16), rounds = iterations): string {
  const salted = pbkdf2Sync(prepared(password), salt, rounds, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${rounds}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function fits(password: string, verifier: string): boolean {
  const fields = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier);
  if (fields === null) return false;
  const salt = Buffer.from(fields[2] ?? '', 'base64');
  return verifierOf(password, salt, Number(fields[1])) === verifier;
}
