import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineReport } from '../managed-engine.ts';
import { type Member, Members, havePostgres } from './testing.ts';
import { findPrograms } from './tools.ts';

// The tests share one leader without followers: no commit of theirs waits for one.
describe.skipIf(!havePostgres)('a leader in Strong', { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  const sync = { members: ['b', 'c'], acks: 1 };
  const local = (statement: string) => a.sql(`SET synchronous_commit = local; ${statement}`);
  const problemsOf = ({ problem, furtherProblems = [] }: EngineReport) =>
    problem === undefined ? [] : [problem, ...furtherProblems];
  const tells = (text: string) => (report: EngineReport) =>
    problemsOf(report).some(({ message }) => message.includes(text));

  beforeAll(async () => {
    members = await Members.create();
    a = await members.add('a', { args: ['-c', 'fsync=on', '-c', 'full_page_writes=off'] });
    await a.promote(1, undefined, true);
    await a.sql('CREATE ROLE app');
    await a.sql('CREATE DATABASE shop');
    await a.promote(1, sync);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it('says which arguments of the template endanger commits, and nothing of them in Eventual', async () => {
    const { problem } = await a.until(tells('full_page_writes'));
    expect(problem).toEqual({
      reason: 'WeakSettings',
      message:
        'acknowledged commits can be lost: remove full_page_writes=off from the args of the template',
    });
    await a.promote(1, { members: [], acks: 0 });
    await a.until((report) => report.problem === undefined);
    await a.promote(1, sync);
  });

  it('has settings that ALTER SYSTEM does not change', async () => {
    for (const name of ['fsync', 'synchronous_commit']) {
      await a.sql(`ALTER SYSTEM SET ${name} = off`);
    }
    await a.sql('SELECT pg_reload_conf()');
    const show = (name: string) => a.sql(`SHOW ${name}`);
    expect(await show('fsync')).toEqual([{ fsync: 'on' }]);
    expect(await show('synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('says how to undo a setting of a role or a database', async () => {
    await local('ALTER ROLE app SET synchronous_commit = off');
    await local('ALTER DATABASE shop SET synchronous_commit = local');
    await local('ALTER ROLE ALL IN DATABASE shop SET work_mem = 4096');
    await local('ALTER ROLE app IN DATABASE shop SET synchronous_commit = remote_write');
    await local('ALTER ROLE postgres SET synchronous_commit = on');
    const { problem } = await a.until(tells('1 more'));
    expect(problem?.message).toBe(
      [
        'acknowledged commits can be lost: remove full_page_writes=off from the args of the template',
        'run ALTER DATABASE shop RESET synchronous_commit (it is synchronous_commit=local)',
        'run ALTER ROLE app IN DATABASE shop RESET synchronous_commit (it is synchronous_commit=remote_write)',
        'and 1 more',
      ].join('; '),
    );
    await local('ALTER DATABASE shop RESET synchronous_commit');
    await local('ALTER ROLE app IN DATABASE shop RESET synchronous_commit');
    await a.until(tells('run ALTER ROLE app RESET synchronous_commit (it is'));
  });

  it('says that somebody has changed whom it waits for', async () => {
    await a.sql(`ALTER SYSTEM SET synchronous_standby_names = 'other'`);
    await a.sql('SELECT pg_reload_conf()');
    const { problem, sync: told } = await a.until(tells(`to 'other'`));
    expect([problem?.reason, told]).toEqual(['WeakSettings', undefined]);
    // As the operator does when a report does not have the set.
    await a.promote(1, sync);
    expect(await a.sql('SHOW synchronous_standby_names')).toEqual([
      { synchronous_standby_names: 'ANY 1 ("b","c")' },
    ]);
  });

  it('disconnects a standby that has the name of a member and is none', async () => {
    await local('CREATE ROLE cdc LOGIN REPLICATION');
    const [settings] = await a.sql<{ sockets: string }>(
      `SELECT current_setting('unix_socket_directories') AS sockets`,
    );
    const folder = await findPrograms(process.env);
    const receive = async (name: string) => {
      const archive = await mkdtemp(join(members.folder, 'archive-'));
      const to = `host=${settings?.sockets} port=${a.port} user=cdc application_name=${name}`;
      const args = ['-D', archive, '--no-loop', '-d', to];
      return spawn(join(folder, 'pg_receivewal'), args, { stdio: 'ignore' });
    };
    const tool = await receive('backup');
    const connected = `SELECT application_name AS name FROM pg_stat_replication`;
    while ((await a.sql(connected)).length === 0);
    const foreign = await receive('B');
    const ended = new Promise((resolve) => foreign.once('exit', resolve));
    const problems = problemsOf(await a.until(tells('under the name of member B')));
    // What was mended before is told, too.
    expect(problems.map(({ reason }) => reason).toSorted()).toEqual([
      'ForeignReplica',
      'WeakSettings',
      'WeakSettings',
    ]);
    expect(problems.map(({ message }) => message).join()).toContain('role cdc at a socket');
    await ended;
    expect(await a.sql(connected)).toEqual([{ name: 'backup' }]);
    tool.kill();
  });

  it('in Eventual, names of other standbys put no acknowledged commit at risk', async () => {
    await a.promote(1, { members: [], acks: 0 });
    await a.sql(`ALTER SYSTEM SET synchronous_standby_names = 'tool'`);
    await a.sql('SELECT pg_reload_conf()');
    const problems = problemsOf(await a.until(tells(`'tool'`)));
    expect(problems.find(({ message }) => message.includes(`'tool'`))).toMatchObject({
      reason: 'ForeignSettings',
      message: expect.stringContaining('so that commits waited for other servers'),
    });
    await a.promote(1, { members: [], acks: 0 });
    expect(await a.sql('SHOW synchronous_standby_names')).toEqual([
      { synchronous_standby_names: '' },
    ]);
  });
});
