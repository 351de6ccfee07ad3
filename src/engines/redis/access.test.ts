import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { TestMember, closeAll, haveServer, members, pollUntil } from './testing.ts';

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

  test.each([
    ['renamed', ['--rename-command', 'ACL', '', '--rename-command', 'CONFIG', 'other'], []],
    ['taken from the user default', [], ['user default on nopass ~* &* +@all -acl -config']],
    ['refused without a password that the agent does not have', [], ['user default on >p +@all']],
  ])(
    'commands that are %s: the member waits, and says why and what to do',
    async (_how, args, lines) => {
      const folder = await mkdtemp(join(tmpdir(), 'redis-acl-'));
      const file = join(folder, 'users.acl');
      await writeFile(file, lines.join('\n'));
      const aclfile = lines.length === 0 ? [] : ['--aclfile', file];
      const member = await TestMember.create('a', { args: [...args, ...aclfile] });
      const stopping = new AbortController();
      const start = member.engine.start(stopping.signal).catch((error: unknown) => error);
      await pollUntil(() => Promise.resolve(member.engine.startProblem !== undefined));
      expect(member.engine.startProblem).toMatchObject({
        reason: 'CommandRefused',
        message: expect.stringMatching(/refuses .*CONFIG and .*ACL.*remove rename-command/),
      });
      // The server that cannot be managed does not run.
      await pollUntil(() =>
        member.client().then(
          () => false,
          () => true,
        ),
      );
      stopping.abort(new Error('stopping'));
      expect(await start).toMatchObject({ message: 'stopping' });
      await member.close();
      await rm(folder, { recursive: true });
    },
  );

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

  test('TLS: a renewed certificate is served without a restart, and a key of another certificate is refused and reported', async () => {
    await using tls = await certificates();
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    await using all = await members(['a', 'b'], { tls: tls.folder, clock });
    const [a, b] = all;
    await a.promote(1, { init: true });
    await b.follow(a, 1);
    await b.linked();
    const ca = await readFile(join(tls.folder, 'ca.crt'));
    const kept = await a.client({ ca });
    const [, id] = /run_id:(\w+)/.exec(await kept.info('server')) ?? [];
    const former = [await servedBy(a), await servedBy(b)];
    await tls.renew();
    passedMs += 60_000;
    expect([(await a.report()).problem, (await b.report()).problem]).toEqual([
      undefined,
      undefined,
    ]);
    const renewed = await servedBy(a);
    expect(former).not.toContain(renewed);
    expect(await servedBy(b)).toBe(renewed);
    expect(await kept.info('server')).toContain(`run_id:${id}`);
    expect(await kept.set('k', 'v')).toBe('OK');
    // The follower connects again, with the renewed certificate on both sides.
    await kept.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await kept.set('k', 'v');
    expect(await kept.wait(1, 10_000)).toBe(1);

    const key = await readFile(join(tls.folder, 'tls.key'));
    await tls.renew();
    await writeFile(join(tls.folder, 'tls.key'), key);
    passedMs += 60_000;
    expect((await b.report()).problem).toMatchObject({
      reason: 'CertificateRefused',
      message: expect.stringContaining('tls.crt, tls.key and ca.crt of the Secret belong together'),
    });
    expect(await servedBy(b)).toBe(renewed);
    await b.kill();
    await b.restart();
    expect((await b.report()).problem?.reason).toBe('CertificateRefused');
    expect(await servedBy(b)).toBe(renewed);
    const c = await TestMember.create('c', { tls: tls.folder, clock });
    const started = c.start();
    await vi.waitUntil(() => c.engine.startProblem !== undefined);
    expect(c.engine.startProblem?.message).toMatch(
      /^the server is not started, as .* do not belong/,
    );
    await tls.renew();
    await started;
    passedMs += 60_000;
    expect((await b.report()).problem).toBeUndefined();
    expect(await servedBy(b)).not.toBe(renewed);
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

/** The serial number of the certificate that a server shows to a new client. */
async function servedBy({ port }: TestMember): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

/** A CA, and a certificate signed by it, as in a Secret. `renew` replaces the certificate and its key. */
async function certificates(): Promise<
  AsyncDisposable & { folder: string; renew: () => Promise<void> }
> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe', timeout: 30_000 });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await writeFile(join(folder, 'ext'), 'subjectAltName=DNS:member\n');
  openssl(...['req', '-x509', ...key, '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.crt']);
  const renew = async () => {
    openssl(...['req', ...key, '-subj', '/CN=member', '-keyout', 'new.key', '-out', 'tls.csr']);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'ext'];
    openssl(...['x509', '-req', '-in', 'tls.csr', ...sign, '-out', 'new.crt']);
    await rename(join(folder, 'new.key'), join(folder, 'tls.key'));
    await rename(join(folder, 'new.crt'), join(folder, 'tls.crt'));
  };
  await renew();
  return {
    folder,
    renew,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
