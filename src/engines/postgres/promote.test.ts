import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Member, Members, havePostgres, within, numbers, shows } from './testing.ts';

// The tests build on each other: a new cluster takes seconds.
describe.skipIf(!havePostgres)('a promotion of PostgresEngine', { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    members = await Members.create();
    // A query on a standby may hold up the replay without limit.
    const args = ['-c', 'max_standby_streaming_delay=-1', '-c', 'max_standby_archive_delay=-1'];
    [a, b] = [await members.add('a', { args }), await members.add('b', { args })];
    await a.promote(1, undefined, true);
    await a.sql('CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 3)');
    await b.follow(1, a);
    await b.caughtUp(a);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it('hands over the role in a planned change and leaves nothing behind', async () => {
    const client = a
      .client(async (session) => {
        await session.rows('SELECT 1');
        await session.rows('SELECT pg_sleep(600)');
      })
      .catch((error: unknown) => error);
    await a.sql('INSERT INTO t SELECT generate_series(4, 20000)');
    const left = await a.fence();
    expect(await client).toBeInstanceOf(Error);
    const held = await b.fence();
    expect(held.position).toEqual(left.position);

    await b.promote(2);
    await a.follow(2, b);
    expect(await a.engine.report(within())).toMatchObject({ state: 'Following', leader: 'b' });
    const report = await a.caughtUp(b);
    expect(report).toMatchObject({ position: { term: 3 }, lagMs: expect.any(Number) });
    expect(report.loss).toBeUndefined();
    await a.until(({ lagMs }) => lagMs === 0);
    while ((await numbers(a)).length < 20_000);
  });

  it('is promoted despite a query that holds up the replay', async () => {
    const reader = a
      .client(async (session) => {
        await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1');
        await b.sql('DELETE FROM t WHERE n > 3');
        await b.sql('VACUUM t');
        const conflict = `SELECT FROM pg_stat_activity WHERE backend_type = 'startup' AND wait_event LIKE 'RecoveryConflict%'`;
        while ((await a.sql(conflict)).length === 0);
        await a.promote(3);
        await session.rows('SELECT 1');
      })
      .catch((error: unknown) => error);
    expect(await reader).toBeInstanceOf(Error);
    expect(await a.engine.report(within())).toMatchObject({
      state: 'Leading',
      position: { term: 4 },
    });
    expect(await numbers(a)).toEqual([1, 2, 3]);
    await b.follow(3, a);
    await b.caughtUp(a);
  });

  it('distinguishes two timelines of the same number, and retains the data that a member must discard', async () => {
    await a.fence();
    await b.fence();
    await Promise.all([a.promote(9), b.promote(9)]);
    await b.sql('INSERT INTO t VALUES (4)');
    await b.sql('INSERT INTO t VALUES (5)');
    await a.sql('INSERT INTO t SELECT generate_series(101, 200)');
    const [ofA, ofB] = [await a.engine.report(within()), await b.engine.report(within())];
    expect(ofA.position?.term).toBe(ofB.position?.term);
    expect(ofA.position?.offset).toBeGreaterThan(ofB.position?.offset ?? Infinity);

    await b.follow(9, a);
    const report = await b.caughtUp(a);
    expect(report.loss).toMatchObject({ epoch: 9, transactions: 2 });
    await access(join(b.dataDir, 'pgdata-diverged-9', 'PG_VERSION'));
    await shows(b, await numbers(a));
  });

  it('does not use data of an interrupted rewind', async () => {
    await b.engine.stop(within());
    await writeFile(join(b.dataDir, '.haservice-postgres', 'rewinding'), '');
    await b.restart();
    const report = await b.engine.report(within());
    expect(report).toMatchObject({ state: 'Cloning', loss: { epoch: 9 } });
    expect(report.position).toBeUndefined();
    await expect(b.promote(10, undefined, true)).rejects.toMatchObject({
      code: 'HA_ERR_MEMBER_EMPTY',
    });
    await b.follow(10, a);
    await b.caughtUp(a);
  });

  it('gives the roles a new password when it begins to lead', async () => {
    const password = 'another: one';
    await a.engine.stop(within());
    await a.restart(password);
    await a.promote(11);
    await a.sql('SELECT 1');
    await b.engine.stop(within());
    await b.restart(password);
    await b.follow(11, a);
    await b.caughtUp(a);
  });
});
