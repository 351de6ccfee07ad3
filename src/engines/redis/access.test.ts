import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, haveServer, members } from './testing.ts';

const odd = 'pass word"\\#\n$é%';

afterAll(closeAll);

describe.runIf(haveServer).concurrent('access to a Redis server', { timeout: 30_000 }, () => {
  test('a password with any characters is required from clients and followers, and appears nowhere else', async () => {
    await using all = await members(['a', 'b'], { password: odd });
    const [a, b] = all;
    await a.promote(1, { init: true });
    await b.follow(a, 1);
    await b.linked();
    await expect(a.client({ password: 'other' })).rejects.toThrow();
    const client = await a.client();
    expect(await client.set('k', 'v')).toBe('OK');
    const [, socket = ''] = (await client.config('GET', 'unixsocket')) as string[];
    expect(await readdir(dirname(socket))).toEqual(['socket']);
    const shown = await readFile(`/proc/${await a.pid()}/cmdline`, 'utf8');
    expect(shown + (await readFile(join(a.dir, 'log'), 'utf8'))).not.toContain('pass word');
  });

  test('a password that the leader refuses is reported', async () => {
    await using leaders = await members(['a'], { password: 'right' });
    await using followers = await members(['b'], { password: 'wrong' });
    await leaders[0].promote(1, { init: true });
    await followers[0].follow(leaders[0], 1);
    const { state, problem } = await followers[0].until(
      'reporting a problem',
      (r) => r.problem !== undefined,
    );
    expect([state, problem?.reason]).toEqual(['Cloning', 'WrongPassword']);
  });

  test('TLS: clients and followers are served with it, and only with it', async () => {
    await using tls = await certificates();
    await using all = await members(['a', 'b'], { tls: tls.folder, password: odd });
    const [a, b] = all;
    await a.promote(1, { init: true });
    await b.follow(a, 1);
    await b.linked();
    const ca = await readFile(join(tls.folder, 'ca.crt'));
    expect(await (await a.client({ ca })).set('k', 'v')).toBe('OK');
    await expect(a.client()).rejects.toThrow();
  });

  test('TLS: a leader with a certificate of another CA is not followed, which is reported', async () => {
    await using one = await certificates();
    await using other = await certificates();
    await using leaders = await members(['a'], { tls: one.folder });
    await using followers = await members(['b'], { tls: other.folder });
    await leaders[0].promote(1, { init: true });
    await followers[0].follow(leaders[0], 1);
    const { problem } = await followers[0].until(
      'reporting a problem',
      (r) => r.problem !== undefined,
    );
    expect(problem).toMatchObject({ reason: 'LeaderUnreachable' });
    expect(problem?.message).toMatch(/certificate|signature/);
  });
});

/** A CA, and a certificate signed by it, as in a Secret. */
async function certificates(): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', timeout: 30_000 });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await writeFile(join(folder, 'ext'), 'subjectAltName=DNS:member\n');
  openssl(...['req', '-x509', ...key, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt']);
  openssl(...['req', ...key, '-subj', '/CN=member', '-keyout', 'tls.key', '-out', 'tls.csr']);
  const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
  openssl(...['x509', '-req', '-in', 'tls.csr', ...sign, '-out', 'tls.crt']);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
