import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { Session } from './session.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

describe.skipIf(!havePostgres)('a lock on all of pg_authid, by which no new session begins', () => {
  it('holds up no heartbeat, no fence and no promotion', { timeout: 120_000 }, async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    const [a, b] = [await members.add('a', { clock }), await members.add('b', { clock })];
    await a.promote(1, undefined, true);
    await a.sql('CREATE TABLE t AS SELECT 1 AS n');
    await b.follow(1, a);
    await b.caughtUp(a);
    const { password } = a;
    const to = { host: '127.0.0.1', port: a.port, user: 'postgres', password };
    const holder = await Session.open({ ...to, database: 'postgres' }, within());
    onTestFinished(() => holder.end());
    await holder.rows('BEGIN; LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE');
    // So that the lock is in the log of the follower.
    await holder.rows('SELECT pg_switch_wal()');
    const waits = async (member: Member) => {
      const limit = AbortSignal.timeout(500);
      const local = { ...to, port: member.port, database: 'postgres' };
      return Session.open(local, limit).then(
        () => false,
        () => true,
      );
    };
    for (const each of [a, b]) await expect.poll(() => waits(each), { timeout: 20_000 }).toBe(true);

    // Each time the agent opens another session, which waits.
    for (let i = 0; i < 5; i++) {
      passedMs += 3_000;
      const reports = [a, b].map(({ engine }) => engine.report(AbortSignal.timeout(2_000)));
      const states = (await Promise.all(reports)).map(({ state }) => state);
      expect(states).toEqual(['Leading', 'Following']);
    }

    const { problem, furtherProblems = [] } = await b.engine.report(within());
    expect([problem, ...furtherProblems]).toContainEqual(
      expect.objectContaining({ reason: 'SessionsWait' }),
    );

    const { pid } = b.engine;
    a.engine.kill();
    await b.fence();
    expect(b.engine.pid).toBe(pid);
    await b.promote(2);
    expect(await b.sql('SELECT n FROM t')).toEqual([{ n: 1 }]);
    expect(b.engine.pid).toBe(pid);
    passedMs += 3_000;
    await b.until(({ problem: left }) => left?.reason !== 'SessionsWait');
  });

  it('is told of a member that restarts while its log ends with that lock', async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    const [a, b] = [await members.add('a'), await members.add('b')];
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    await a.client(async (holder) => {
      await holder.rows('BEGIN; LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE');
      await holder.rows('SELECT pg_switch_wal()');
      await b.caughtUp(a);
      b.engine.kill();
      await b.restart();
      const { state } = await b.until(({ problem }) => problem?.reason === 'SessionsWait');
      expect(state).toBe('Starting');
    });
  }, 120_000);

  /** Each report of the leader opens another session. */
  const leader = async (args: string[]) => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    const a = await members.add('a', { clock, args });
    await a.promote(1, undefined, true);
    await a.until(({ state }) => state === 'Leading');
    const report = async () => {
      passedMs += 3_000;
      return a.engine.report(AbortSignal.timeout(2_000)).then(
        ({ state }) => state,
        () => 'silent',
      );
    };
    return { a, report };
  };

  it('is no end of the server if it ends sessions that wait, for hours', async () => {
    const { a, report } = await leader(['-c', 'authentication_timeout=1s']);
    await a.client(async (holder) => {
      await holder.rows('BEGIN; LOCK TABLE pg_authid IN ACCESS EXCLUSIVE MODE');
      const states: string[] = [];
      while (states.length < 25) states.push(await report());
      expect(new Set(states)).toEqual(new Set(['Leading']));
    });
  }, 120_000);

  it('is not taken for the reason if there is none: then the member is silent', async () => {
    const { a, report } = await leader([]);
    await a.sql(`ALTER SYSTEM SET post_auth_delay = '60s'`);
    await a.sql('SELECT pg_reload_conf()');
    await expect.poll(report, { timeout: 20_000 }).toBe('silent');
  }, 120_000);
});
