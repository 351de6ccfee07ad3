import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Member,
  Members,
  havePostgres,
  signalAll,
  within,
  numbers,
  shows,
} from './testing.ts';

// All tests share three members and build on each other: a new cluster takes seconds.
describe.skipIf(!havePostgres)('PostgresEngine', { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;
  let c: Member;
  /** A commit on the first leader that is never acknowledged. */
  let unacknowledged: Promise<unknown>;

  beforeAll(async () => {
    members = await Members.create();
    [a, b, c] = [await members.add('a'), await members.add('b'), await members.add('c')];
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it('is empty at first, and cannot be promoted then', async () => {
    expect(await a.engine.report(within())).toEqual({ state: 'Empty' });
    await expect(a.promote(1)).rejects.toMatchObject({ code: 'HA_ERR_MEMBER_EMPTY' });
  });

  it('begins a data set and leads', async () => {
    await a.promote(1, { members: [], acks: 0 }, true);
    expect(await a.until(({ state }) => state === 'Leading')).toMatchObject({
      position: { term: 2 },
      sync: { members: [], acks: 0 },
      identity: expect.stringMatching(/^\d+$/),
    });
    await a.sql('CREATE TABLE t (n int)');
  });

  it('clones followers', async () => {
    await Promise.all([b.follow(1, a), c.follow(1, a)]);
    for (const member of [b, c]) {
      const report = await member.caughtUp(a);
      expect(report).toMatchObject({ leader: 'a', position: { term: 2 } });
      expect(await numbers(member)).toEqual([]);
      await expect(member.sql('INSERT INTO t VALUES (0)')).rejects.toThrow('read-only');
    }
  });

  it('waits for acknowledgements, and gets none from fenced followers', async () => {
    await a.promote(1, { members: ['b', 'c'], acks: 1 });
    expect(await a.engine.report(within())).toMatchObject({
      state: 'Leading',
      sync: { members: ['b', 'c'], acks: 1 },
    });
    await a.sql('INSERT INTO t VALUES (1)');
    // One of them has it.
    await Promise.all([b.caughtUp(a), c.caughtUp(a)]);

    const [ofB, ofC] = [await b.fence(), await c.fence()];
    const { position } = await a.engine.report(within());
    for (const report of [ofB, ofC]) {
      expect(report).toMatchObject({ state: 'Detached', position: { term: 2 } });
      expect(report.position?.offset).toBeLessThanOrEqual(position?.offset ?? 0);
    }
    await shows(b, [1]);
    while ((await a.sql('SELECT FROM pg_stat_replication')).length > 0);
    await a.sql('SET synchronous_commit = local; INSERT INTO t VALUES (3)');
    expect((await b.engine.report(within())).position).toEqual(ofB.position);

    unacknowledged = a.sql('INSERT INTO t VALUES (2)').catch((error: unknown) => error);
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE 'INSERT%'`;
    while ((await a.sql(waiting)).length === 0);
  });

  it('does not answer while it is frozen, and a standby is promoted', async () => {
    for (const n of [4, 5]) {
      await a.sql(`SET synchronous_commit = local; INSERT INTO t VALUES (${n})`);
    }
    signalAll(a, 'SIGSTOP');
    let answered = false;
    const report = a.engine.report(within()).finally(() => (answered = true));
    await b.promote(5, { members: ['a', 'c'], acks: 1 });
    expect(await b.engine.report(within())).toMatchObject({
      state: 'Leading',
      position: { term: 6 },
    });
    await c.follow(5, b);
    await b.sql('INSERT INTO t VALUES (6)');
    await c.caughtUp(b);
    await shows(c, [1, 6]);
    expect(answered).toBe(false);

    signalAll(a, 'SIGCONT');
    expect(await report).toMatchObject({ state: 'Leading', position: { term: 2 } });
  });

  it('rewinds a former leader that had continued, and reports the loss', async () => {
    await a.follow(5, b);
    expect(await unacknowledged).toBeInstanceOf(Error);
    const report = await a.caughtUp(b);
    // The commit that waited was in the log, too.
    expect(report).toMatchObject({
      state: 'Following',
      position: { term: 6 },
      loss: { epoch: 5, transactions: 4, bytes: expect.any(Number) },
    });
    await shows(a, [1, 6]);
  });

  it('reports its end, and starts as a member that follows no leader', async () => {
    const { ended, pid = 0 } = c.engine;
    process.kill(pid, 'SIGKILL');
    expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
    await c.restart();
    expect(await c.until(({ state }) => state !== 'Starting')).toMatchObject({
      state: 'Detached',
      position: { term: 6 },
    });
    await expect(c.sql('INSERT INTO t VALUES (0)')).rejects.toThrow('read-only');
  });

  it('clones again if the leader no longer has the log', async () => {
    await b.sql('ALTER SYSTEM SET wal_keep_size = 0');
    await b.sql('SELECT pg_reload_conf()');
    const { file } = (
      await b.sql<{ file: string }>('SELECT pg_walfile_name(pg_current_wal_lsn()) AS file')
    )[0]!;
    const kept = `SELECT FROM pg_ls_waldir() WHERE name = '${file}'`;
    while ((await b.sql(kept)).length > 0) {
      await b.sql('INSERT INTO t VALUES (7)');
      await b.sql('SELECT pg_switch_wal()');
      await b.sql('CHECKPOINT');
    }
    await c.follow(5, b);
    expect(await c.engine.report(within())).toMatchObject({ state: 'Cloning', leader: 'b' });
    const report = await c.caughtUp(b);
    expect(report.loss).toBeUndefined();
    await shows(c, await numbers(b));
  });

  it('refuses to follow a leader of another data set', async () => {
    const foreign = await members.add('d');
    await foreign.promote(1, undefined, true);
    await foreign.sql('CREATE TABLE mine ()');
    await expect(foreign.follow(5, b)).rejects.toMatchObject({ code: 'HA_ERR_MEMBER_FOREIGN' });
    const report = await foreign.until(({ state }) => state === 'Detached');
    expect(report.problem?.reason).toBe('ForeignData');
    expect(await foreign.sql('SELECT FROM mine')).toEqual([]);
    foreign.engine.kill();
  });

  it('reports a wrong password', async () => {
    const stranger = await members.add('e', { password: 'wrong' });
    await stranger.follow(5, b);
    const report = await stranger.until(({ problem }) => problem !== undefined);
    expect(report).toMatchObject({ state: 'Empty', problem: { reason: 'WrongPassword' } });
  });

  it('kills every process at once', async () => {
    const busy = a
      .sql(`SELECT count(*) FROM generate_series(1, 1e15::bigint)`)
      .catch((error: unknown) => error);
    const query = `SELECT pid FROM pg_stat_activity WHERE query LIKE '%1e15%' AND pid <> pg_backend_pid()`;
    const find = async () => (await a.sql<{ pid: number }>(query))[0]?.pid;
    let pid = await find();
    while (pid === undefined) pid = await find();
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    a.engine.kill();
    expect(await busy).toBeInstanceOf(Error);
    while (existsSync(`/proc/${pid}`)) await new Promise(setImmediate);
  });
});
