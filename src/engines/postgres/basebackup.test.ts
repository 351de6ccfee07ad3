import { chmod, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, Members, havePostgres, shows } from './testing.ts';
import { findPrograms } from './tools.ts';

/** Postgres with a pg_basebackup that takes minutes as long as the file `slow` exists. */
async function makeSlowPrograms(folder: string, slow: string): Promise<void> {
  const real = await findPrograms(process.env);
  await mkdir(folder);
  for (const name of await readdir(real)) await symlink(join(real, name), join(folder, name));
  const script = join(folder, 'pg_basebackup');
  await rm(script);
  const limit = `[ -e ${slow} ] && set -- --max-rate=32k "$@"`;
  await writeFile(script, `#!/bin/sh\n${limit}\nexec ${join(real, 'pg_basebackup')} "$@"\n`);
  await chmod(script, 0o755);
  await writeFile(slow, '');
}

describe.skipIf(!havePostgres)('an unfinished copy', { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;
  let slow: string;

  beforeAll(async () => {
    members = await Members.create();
    const programs = join(members.folder, 'programs');
    slow = join(members.folder, 'slow');
    await makeSlowPrograms(programs, slow);
    [a, b] = [await members.add('a'), await members.add('b', { programs })];
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it('acknowledges nothing, as it is not a member yet', async () => {
    await a.promote(1, { members: ['b'], acks: 1 }, true);
    await a.sql('SET synchronous_commit = local; CREATE TABLE t (n int)');
    await b.follow(1, a);
    const receivers = (holding = '0/0') =>
      a.sql<{ sync: string }>(
        `SELECT sync_state AS sync FROM pg_stat_replication WHERE state = 'streaming' AND flush_lsn >= '${holding}'`,
      );
    while ((await receivers()).length === 0);

    const commit = a.sql('INSERT INTO t VALUES (1)');
    const waiting = () =>
      a.sql(`SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE 'INSERT%'`);
    while ((await waiting()).length === 0);
    const [{ lsn } = { lsn: '' }] = await a.sql<{ lsn: string }>(
      'SELECT pg_current_wal_insert_lsn() AS lsn',
    );
    // It flushes a file of the log when that is full, and reports it some seconds later.
    await a.sql('SELECT pg_switch_wal()');
    while ((await receivers(lsn)).length === 0);
    expect(await receivers(lsn)).toEqual([{ sync: 'async' }]);
    expect(await waiting()).toHaveLength(1);

    await b.fence();
    await rm(slow);
    await b.follow(1, a);
    await b.until(({ linked }) => linked === true);
    // With its answer to this it also acknowledges all that came before.
    await a.sql('INSERT INTO t VALUES (2)');
    await commit;
    await shows(b, [1, 2]);
  });
});
