import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectionTo, passfileLine } from './connection.ts';
import { within } from './testing.ts';
import { Tools, majorVersion } from './tools.ts';

describe('a connection of libpq', () => {
  const connection = (passfile: string | undefined, rootCertificate?: string, major = 15) =>
    connectionTo(
      { host: 'fd00::1', port: 5432 },
      'follow',
      { member: 'web-0' },
      {
        passfile,
        rootCertificate,
        major,
      },
    );

  it('allows only SCRAM, as far as libpq can', () => {
    expect(connection('/p')).not.toMatch(/require_auth|channel_binding/);
    expect(connection('/p', undefined, 16)).toContain(` require_auth='scram-sha-256'`);
    expect(connection('/p', '/ca.crt')).toContain(` channel_binding='require'`);
    expect(connection('/p', '/ca.crt', 16)).toMatch(/ require_auth=.* channel_binding=/);
  });

  it('restricts nothing if there is no password', () => {
    expect(connection(undefined, '/ca.crt', 16)).not.toMatch(/pass|require/);
  });

  it('finds the password of an address with colons', () => {
    expect(passfileLine({ host: 'fd00::1', port: 5432 }, 'role', 'a:b\\c')).toBe(
      'fd00\\:\\:1:5432:*:role:a\\:b\\\\c\n',
    );
  });
});

it.each([
  ['postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)', 15],
  ['postgres (PostgreSQL) 17beta1', 17],
  ['postgres (Something else) 16.2', 16],
])('the major version of %s is %d', async (printed, major) => {
  expect(await versionOf(printed)).toBe(major);
});

it('a server that does not print its version is an error', async () => {
  await expect(versionOf('busybox')).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
});

async function versionOf(printed: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'haservice-test-'));
  try {
    const program = join(folder, 'postgres');
    await writeFile(program, `#!/bin/sh\necho '${printed}'\n`);
    await chmod(program, 0o755);
    return await majorVersion(new Tools(folder, undefined, process.env, folder), within());
  } finally {
    await rm(folder, { recursive: true });
  }
}
