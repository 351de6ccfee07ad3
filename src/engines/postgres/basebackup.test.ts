import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, Members, havePostgres, replaceTool, shows } from './testing.ts';

describe.skipIf(!havePostgres)('an unfinished copy', { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;
  let slow: string;

  beforeAll(async () => {
    members = await Members.create();
    slow = join(members.folder, 'slow');
    await writeFile(slow, '');
    // It takes minutes as long as that file exists.
    const programs = await replaceTool(
      members.folder,
      'pg_basebackup',
      (real) => `[ -e ${slow} ] && set -- --max-rate=32k "$@"\nexec ${real} "$@"`,
    );
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
    const { copy } = await b.until((report) => (report.copy?.bytes ?? 0) > 0);
    expect(copy?.elapsedMs).toBeGreaterThan(0);
    expect(copy?.totalBytes).toBeGreaterThan(copy?.bytes ?? Infinity);

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
    const linked = await b.until((report) => report.linked === true);
    expect(linked.copy).toBeUndefined();
    // With its answer to this it also acknowledges all that came before.
    await a.sql('INSERT INTO t VALUES (2)');
    await commit;
    await shows(b, [1, 2]);
  });
});
