import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, Members, havePostgres } from './testing.ts';

/** One that vouches for itself, for another name than the members' address. */
function makeCertificate(folder: string): void {
  const file = (name: string) => join(folder, name);
  const subject = ['-subj', '/CN=members', '-days', '2'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject];
  execFileSync('openssl', [...args, '-keyout', file('tls.key'), '-out', file('tls.crt')], {
    stdio: 'ignore',
  });
  execFileSync('cp', [file('tls.crt'), file('ca.crt')]);
}

describe.skipIf(!havePostgres)('PostgresEngine', () => {
  let members: Members;
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    members = await Members.create();
    const certificates = join(members.folder, 'certificates');
    await mkdir(certificates);
    makeCertificate(certificates);
    [a, b] = [await members.add('a', { certificates }), await members.add('b', { certificates })];
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it('follows over TLS', { timeout: 60_000 }, async () => {
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    const ssl = { rejectUnauthorized: false };
    const connections = await a.sql(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE application_name = 'b'`,
      { ssl },
    );
    expect(connections).toEqual([{ ssl: true }]);
  });
});
