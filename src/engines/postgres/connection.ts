import { type Purpose, connectionName, connectionString } from './quote.ts';
import { replicationUser } from './role.ts';

export interface Host {
  host: string;
  port: number;
}

/** Options of libpq for password and TLS. */
export interface Protection {
  /** File with the password, which thus appears neither in the process list nor in a log. Absent: there is no password. */
  passfile: string | undefined;
  /** File with the CA certificate that has signed the leader's. Absent: no TLS. */
  rootCertificate: string | undefined;
  /** Major version of the member's Postgres. */
  major: number;
}

/** A connection string of libpq to the leader. */
export function connectionTo(
  { host, port }: Host,
  purpose: Purpose,
  { member, user = replicationUser }: { member: string; user?: string | undefined },
  { passfile, rootCertificate, major }: Protection,
): string {
  return connectionString({
    host,
    port,
    user,
    application_name: connectionName(purpose, member),
    connect_timeout: 3,
    keepalives_idle: 3,
    keepalives_interval: 2,
    keepalives_count: 3,
    tcp_user_timeout: 10_000,
    ...(rootCertificate === undefined
      ? { sslmode: 'disable' }
      : { sslmode: 'verify-ca', sslrootcert: rootCertificate }),
    ...(passfile === undefined ? {} : { passfile, ...scramAlone(rootCertificate, major) }),
    ...(purpose === 'rewind' ? { dbname: 'postgres' } : {}),
  });
}

/** Rejects every other authentication method, as far as this libpq supports that: before version 16 only over TLS. */
const scramAlone = (rootCertificate: string | undefined, major: number) => ({
  ...(major >= 16 ? { require_auth: 'scram-sha-256' } : {}),
  // The proof holds for the leader's certificate only: a relay in between, which has another, cannot pass it on.
  ...(rootCertificate === undefined ? {} : { channel_binding: 'require' }),
});

/** A line of a passfile: the password is for this role of this server only. */
export function passfileLine({ host, port }: Host, role: string, password: string): string {
  const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  return `${escape(host)}:${port}:*:${role}:${escape(password)}\n`;
}
