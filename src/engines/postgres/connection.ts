import { type Purpose, connectionName, connectionString } from './quote.ts';
import { replicationUser } from './role.ts';

export interface Host {
  host: string;
  port: number;
}

/** What libpq is told besides where to. */
export interface Protection {
  /** File with the password: neither in the process list nor in a log. Absent: there is none. */
  passfile: string | undefined;
  /** File with the certificate of who has signed the leader's. Absent: no TLS. */
  rootCertificate: string | undefined;
  /** Of the member's Postgres: its major version. */
  major: number;
}

/** A connection of libpq to the leader, as text. */
export function connectionTo(
  { host, port }: Host,
  purpose: Purpose,
  member: string,
  { passfile, rootCertificate, major }: Protection,
): string {
  return connectionString({
    host,
    port,
    user: replicationUser,
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

/** As far as this libpq knows how to refuse what else a server may ask for. Earlier than 16 it does only over TLS. */
const scramAlone = (rootCertificate: string | undefined, major: number) => ({
  ...(major >= 16 ? { require_auth: 'scram-sha-256' } : {}),
  // The proof is good for the leader's certificate alone: a relay in between, which must have another, cannot pass it on.
  ...(rootCertificate === undefined ? {} : { channel_binding: 'require' }),
});

/** A line of a passfile: the password is for this server, and for no other. */
export function passfileLine({ host, port }: Host, password: string): string {
  const escape = (text: string) => text.replaceAll('\\', '\\\\').replaceAll(':', '\\:');
  return `${escape(host)}:${port}:*:${replicationUser}:${escape(password)}\n`;
}
