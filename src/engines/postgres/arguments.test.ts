import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { allowedArgs, argsFor } from './arguments.ts';
import { Members, havePostgres, within } from './testing.ts';
import { findPrograms } from './tools.ts';

it('what only the agent may set is ignored, in whichever form it is written', () => {
  const args = [
    ...['-c', 'work_mem=4MB', '-c', 'Primary_Conninfo=host=x', '-csynchronous_standby_names=*'],
    ...['--recovery-target-timeline=current', '--wal-level=minimal', '--max-connections=7'],
    ...['-N', '5', '-c', 'wal_level=logical', '-c'],
  ];
  const { allowed, ignored } = allowedArgs(args);
  expect(allowed).toEqual([
    ...['-c', 'work_mem=4MB', '--max-connections=7', '-N', '5', '-c', 'wal_level=logical', '-c'],
  ]);
  expect(ignored).toEqual([
    'primary_conninfo=host=x',
    'synchronous_standby_names=*',
    'recovery_target_timeline=current',
    'wal_level=minimal',
  ]);
  expect(argsFor(['max_connections', 'wal_level'], args)).toEqual([
    ...['-c', 'wal_level=logical', '-c', 'max_connections=7'],
  ]);
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
    const args = [...settings, ...more, 'wal_level=minimal'].flatMap((each) => ['-c', each]);
    const [a, b] = [await members.add('a', { args }), await members.add('b', { args })];
    await a.promote(1, { members: ['b'], acks: 1 }, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    expect((await a.engine.report(within())).sync).toMatchObject({ acks: 1 });
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
