import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { TLSSocket, connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestServer } from '../../member-client/testing.ts';
import { systemClock } from '../../lib/clock.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

/** A self-signed certificate, for another name than the members' address. */
async function makeCertificate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const subject = ['-subj', '/CN=members', '-days', '2'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject];
  execFileSync('openssl', [...args, '-keyout', file('tls.key'), '-out', file('tls.crt')], {
    stdio: 'ignore',
  });
}

/** The serial number of the certificate that a member shows to a new client. */
async function servedBy({ port }: Member): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  // SSLRequest: 80877103.
  socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
  await once(socket, 'data');
  const tls = connectTls({ socket, rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  const { serialNumber } = tls.getPeerCertificate();
  tls.destroy();
  return serialNumber;
}

/** A relay with TLS on both sides: passes on all data between a client and the server at `port`, and could read them. */
function makeRelay(port: number, certificate: { cert: Buffer; key: Buffer }): TestServer {
  const relay = async (client: Socket) => {
    const [request] = (await once(client, 'data')) as [Buffer];
    const server = connect(port, '127.0.0.1').on('error', () => {});
    server.write(request);
    const [answer] = (await once(server, 'data')) as [Buffer];
    const toClient = new TLSSocket(client, { isServer: true, ...certificate });
    const toServer = connectTls({ socket: server, rejectUnauthorized: false });
    for (const each of [toClient, toServer]) each.on('error', () => {});
    toClient.pipe(toServer).pipe(toClient);
    client.write(answer);
  };
  return new TestServer((client) => void relay(client));
}

describe.skipIf(!havePostgres)('PostgresEngine over TLS', { timeout: 60_000 }, () => {
  let members: Members;
  let relay: TestServer;
  let a: Member;
  let b: Member;
  let passedMs = 0;

  beforeAll(async () => {
    members = await Members.create();
    const [certificates, others] = [join(members.folder, 'own'), join(members.folder, 'others')];
    for (const folder of [certificates, others]) await makeCertificate(folder);
    const cert = await readFile(join(others, 'tls.crt'));
    const own = await readFile(join(certificates, 'tls.crt'));
    // Both are trusted: verify-ca checks only who signed a certificate.
    await writeFile(join(certificates, 'ca.crt'), Buffer.concat([own, cert]));
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    a = await members.add('a', { certificates, clock });
    b = await members.add('b', { certificates, clock });
    relay = makeRelay(a.port, { cert, key: await readFile(join(others, 'tls.key')) });
  }, 60_000);

  afterAll(async () => {
    await relay.close();
    await members.end();
  }, 60_000);

  const ssl = { rejectUnauthorized: false };

  it('follows over TLS', async () => {
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    const connections = await a.sql(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE application_name = 'b'`,
      { ssl },
    );
    expect(connections).toEqual([{ ssl: true }]);
    const [setting] = await b.sql<{ primary_conninfo: string }>('SHOW primary_conninfo', { ssl });
    expect(setting?.primary_conninfo).toContain(`channel_binding='require'`);
  });

  it('serves a renewed certificate without a restart, and refuses a key of another one', async () => {
    const folder = join(members.folder, 'own');
    const { pid } = a.engine;
    const key = await readFile(join(folder, 'tls.key'));
    const former = await servedBy(a);
    const authorities = await readFile(join(folder, 'ca.crt'));
    await makeCertificate(folder);
    const renewed = await readFile(join(folder, 'tls.crt'));
    await writeFile(join(folder, 'ca.crt'), Buffer.concat([authorities, renewed]));
    passedMs += 60_000;
    await a.until(({ problem }) => problem === undefined);
    while ((await servedBy(a)) === former) await a.engine.report(within());
    expect(await servedBy(a)).toBe(new X509Certificate(renewed).serialNumber);
    expect(a.engine.pid).toBe(pid);

    await writeFile(join(folder, 'tls.key'), key);
    passedMs += 60_000;
    const { problem } = await a.until((report) => report.problem !== undefined);
    expect(problem).toMatchObject({
      reason: 'CertificateRefused',
      message: expect.stringContaining('do not belong together'),
    });
    expect(await servedBy(a)).toBe(new X509Certificate(renewed).serialNumber);

    // Orders that restart the server, and a restart of the container.
    await a.engine.fence(within());
    await a.promote(1);
    a.engine.kill();
    await a.engine.stop(within());
    await a.restart();
    const told = await a.until((report) => report.problem !== undefined);
    expect(told.problem?.reason).toBe('CertificateRefused');
    await a.promote(1);
    expect(await servedBy(a)).toBe(new X509Certificate(renewed).serialNumber);
    const first = members.add('c', { certificates: folder });
    await vi.waitUntil(() => members.all.at(-1)?.engine.startProblem !== undefined, 10_000);
    expect(members.all.at(-1)?.engine.startProblem).toMatchObject({
      reason: 'CertificateRefused',
      message: expect.stringContaining('the server is not started: tls.crt, tls.key and ca.crt'),
    });

    await makeCertificate(folder);
    await writeFile(
      join(folder, 'ca.crt'),
      Buffer.concat([authorities, renewed, await readFile(join(folder, 'tls.crt'))]),
    );
    passedMs += 60_000;
    await a.until((report) => report.problem === undefined);
    await first;
  });

  it('does not prove the password to a relay', async () => {
    await b.follow(2, { name: 'a', port: await relay.listen() });
    const { problem } = await b.until((report) => report.problem !== undefined);
    expect(problem).toMatchObject({
      reason: 'NotScram',
      message: expect.stringContaining('channel binding'),
    });
  });
});
