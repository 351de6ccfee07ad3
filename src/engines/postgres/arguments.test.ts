import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { allowedArgs, argsFor } from './arguments.ts';
import { Member, Members, havePostgres, within } from './testing.ts';
import { findPrograms } from './tools.ts';

it('what only the agent may set is ignored, in whichever form it is written', () => {
  const args = [
    ...['-c', 'work_mem=4MB', '-c', 'Primary_Conninfo=host=x', '-csynchronous_standby_names=*'],
    ...['--recovery-target-timeline=current', '--wal-level=minimal', '--max-connections=7'],
    ...['-N', '5', '-c', 'wal_level=logical', '-c'],
  ];
  const { allowed, ignored } = allowedArgs(args, { own: {}, isTls: false });
  expect(allowed).toEqual([
    ...['-c', 'work_mem=4MB', '--max-connections=7', '-N', '5', '-c', 'wal_level=logical', '-c'],
  ]);
  expect(ignored).toEqual([
    'primary_conninfo',
    'synchronous_standby_names',
    'recovery_target_timeline',
    'wal_level',
  ]);
  expect(argsFor(['max_connections', 'wal_level'], args)).toEqual([
    ...['-c', 'wal_level=logical', '-c', 'max_connections=5'],
  ]);
});

it('what the agent gives itself is ignored, and told unless it is the same', () => {
  const own = { port: '5432', config_file: '/etc/a', hot_standby: 'on', logging_collector: 'off' };
  const told = (args: string[], isTls = false) => allowedArgs(args, { own, isTls });
  expect(told(['postgres', '-c', 'port=5432', '--hot-standby=TRUE', '-c', 'work_mem=1MB'])).toEqual(
    { allowed: ['-c', 'work_mem=1MB'], ignored: [] },
  );
  const elsewhere = ['-D', '/data', '-p', '5433', '-p5434', '-C', 'port', '-c', 'config_file=/b'];
  expect(told([...elsewhere, '--data_directory=/c', '-c', 'logging_collector=on'])).toEqual({
    allowed: [],
    ignored: ['data_directory', 'port', '-C', 'config_file', 'logging_collector'],
  });
  const tls = ['-l', '-c', 'ssl_key_file=/k', '-c', 'ssl_ca_file=/ca'];
  expect(told(tls)).toEqual({ allowed: tls, ignored: [] });
  expect(told(tls, true)).toEqual({
    allowed: ['-c', 'ssl_ca_file=/ca'],
    ignored: ['ssl', 'ssl_key_file'],
  });
});

describe.skipIf(!havePostgres)('the arguments of a member', { timeout: 120_000 }, () => {
  const all = async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    return members;
  };

  it('do not keep it from leading and following', async () => {
    const members = await all();
    const settings = ['synchronous_standby_names=*', 'primary_conninfo=host=elsewhere'];
    const more = ['default_transaction_read_only=on', 'recovery_target_timeline=current'];
    const hidden = ['data_directory=/nowhere', 'config_file=/nowhere', 'port=1'];
    const args = ['-D', '/nowhere', '-h', '127.0.0.9'].concat(
      [...settings, ...more, ...hidden, 'wal_level=minimal'].flatMap((each) => ['-c', each]),
    );
    const [a, b] = [await members.add('a', { args }), await members.add('b', { args })];
    await a.promote(1, { members: ['b'], acks: 1 }, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    const { sync, problem, furtherProblems = [] } = await a.engine.report(within());
    const told = [problem, ...furtherProblems].find((each) => each?.reason === 'SettingIgnored');
    expect(sync?.acks).toBe(1);
    expect(told?.message).toContain(
      'data_directory, listen_addresses, synchronous_standby_names, primary_conninfo, recovery_target_timeline, config_file, port, wal_level,',
    );
  });

  it.each([
    ['of which a file is missing', ['-c', 'ssl=on'], 'could not load server certificate file'],
    ['that nobody knows', ['-c', 'no_such=1'], 'parameter "no_such"'],
    ['that are no settings', ['surplus'], 'invalid argument: "surplus"'],
  ])('are told if the server does not start with settings %s', async (_what, args, told) => {
    const members = await all();
    const a = await members.add('a');
    await a.promote(1, undefined, true);
    await a.engine.stop(within());
    const b = await Member.create(members.folder, 'a', { args });
    members.all.push(b);
    const stopping = new AbortController();
    let hasEnded = false;
    void b.engine.ended.then(() => (hasEnded = true));
    const started = b.engine.start(stopping.signal);
    await expect
      .poll(() => b.engine.startProblem?.message, { timeout: 20_000 })
      .toMatch(new RegExp(`does not start, and is tried again: .*${told}`));
    expect([b.engine.startProblem?.reason, hasEnded]).toEqual(['StartFailed', false]);
    stopping.abort();
    await expect(started).rejects.toThrow();
  });

  it('are tried again: a server whose settings were corrected by hand starts', async () => {
    const members = await all();
    const a = await members.add('a');
    await a.promote(1, undefined, true);
    await a.sql(`ALTER SYSTEM SET shared_preload_libraries = 'nowhere'`);
    await a.engine.stop(within());
    const { engine } = a.anew();
    const started = engine.start(within());
    await expect
      .poll(() => engine.startProblem?.message, { timeout: 20_000 })
      .toContain('could not access file "nowhere"');
    await writeFile(join(a.dataDir, 'pgdata', 'postgresql.auto.conf'), '');
    await started;
    expect(engine.startProblem).toBeUndefined();
    await a.until(({ state }) => state === 'Detached');
  });

  it('are told in words that are understood, also if the server speaks another language and logs little', async () => {
    const members = await all();
    const locales = join(members.folder, 'locales');
    await mkdir(locales, { mode: 0o755 });
    execFileSync('localedef', ['-i', 'ru_RU', '-f', 'UTF-8', join(locales, 'ru_RU.UTF-8')]);
    vi.stubEnv('LOCPATH', locales);
    onTestFinished(() => void vi.unstubAllEnvs());
    const a = await members.add('a');
    await a.promote(1, undefined, true);
    await a.sql(`ALTER SYSTEM SET lc_messages = 'ru_RU.UTF-8'`);
    await a.sql(`ALTER SYSTEM SET log_min_messages = 'panic'`);
    await a.sql(`ALTER SYSTEM SET shared_preload_libraries = 'nowhere'`);
    await a.engine.stop(within());
    const { engine } = a.anew();
    const started = engine.start(within());
    await expect
      .poll(() => engine.startProblem?.message, { timeout: 20_000 })
      .toContain('could not access file "nowhere"');
    const auto = join(a.dataDir, 'pgdata', 'postgresql.auto.conf');
    await writeFile(auto, `lc_messages = 'ru_RU.UTF-8'\n`);
    await started;
    await a.until(({ state }) => state === 'Detached');
    // It runs in its own language.
    await expect(a.sql('SELECT no_such')).rejects.toThrow('столбец "no_such" не существует');
  });

  it('may give a new data set lower limits than the defaults', async () => {
    const members = await all();
    const args = ['-c', 'max_connections=20', '--max-wal-senders=5'];
    const a = await members.add('a', { args });
    await a.promote(1, undefined, true);
    expect(await a.sql('SHOW max_connections')).toEqual([{ max_connections: '20' }]);
    expect(await a.sql('SHOW max_wal_senders')).toEqual([{ max_wal_senders: '5' }]);
  });

  it('a new member takes the programs of the version of its leader, if the image has several', async () => {
    const members = await all();
    const a = await members.add('a');
    await a.promote(1, undefined, true);
    const real = await findPrograms(process.env);
    const newer = join(members.folder, 'newer');
    await mkdir(newer);
    for (const name of ['initdb', 'pg_controldata', 'pg_basebackup', 'pg_rewind', 'pg_waldump']) {
      await symlink(join(real, name), join(newer, name));
    }
    await writeFile(join(newer, 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 99.1"\n');
    await chmod(join(newer, 'postgres'), 0o755);
    const b = await members.add('b', { programs: `${newer}:${process.env['PATH']}` });
    await b.follow(1, a);
    await b.caughtUp(a);
    await b.restart();
    await b.follow(1, a);
    await b.caughtUp(a);
  });
});
