import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EngineReport } from '../managed-engine.ts';
import { restartLock } from './replay-pause.ts';
import { type Member, Members, havePostgres, numbers, shows, within } from './testing.ts';

const members = await Members.create();
afterAll(async () => members.end(), 60_000);

describe.skipIf(!havePostgres)('a member with a lower max_connections than its leader', () => {
  it('starts with that of the leader, follows, and can lead', { timeout: 120_000 }, async () => {
    const leader = await members.add('leader', { args: ['-c', 'max_connections=120'] });
    const lower = await members.add('lower', { args: ['-c', 'max_connections=40'] });
    await leader.promote(1, { members: [], acks: 0 }, true);
    await leader.until(({ state }) => state === 'Leading');
    await leader.sql('CREATE TABLE t AS SELECT 1 AS n');
    await lower.follow(1, leader);
    await lower.caughtUp(leader);
    const shown = () => lower.sql('SHOW max_connections');
    expect(await shown()).toEqual([{ max_connections: '120' }]);
    const { problem } = await lower.engine.report(within());
    expect(problem).toMatchObject({
      reason: 'LimitKept',
      message: expect.stringContaining('these count: max_connections = 120, not 40:') as string,
    });
    expect((await leader.engine.report(within())).problem).toBeUndefined();
    await leader.engine.fence(within());
    await lower.fence();
    await lower.promote(2, { members: [], acks: 0 });
    await lower.until(({ state }) => state === 'Leading');
    expect(await numbers(lower)).toEqual([1]);
    // What it needs itself it may have: nothing is raised that the log does not ask for.
    expect(await lower.sql('SHOW max_wal_senders')).toEqual([{ max_wal_senders: '10' }]);
  });
});

describe.skipIf(!havePostgres)('a leader with a higher max_connections than its followers', () => {
  /** b leads with 200, and the others follow with 100. */
  const led = async () => {
    const all = await Members.create();
    onTestFinished(() => all.end(), 60_000);
    const [a, b, c] = [
      await all.add('a', { args: ['-c', 'max_connections=100'] }),
      await all.add('b', { args: ['-c', 'max_connections=200'] }),
      await all.add('c', { args: ['-c', 'max_connections=100'] }),
    ];
    await a.promote(1, undefined, true);
    await a.sql('CREATE TABLE t (n int)');
    for (const each of [b, c]) await each.follow(1, a);
    for (const each of [b, c]) await each.caughtUp(a);
    await a.fence();
    await b.fence();
    await b.promote(2, { members: ['a', 'c'], acks: 1 });
    return { a, b, c };
  };
  const shown = (member: Member) => member.sql('SHOW max_connections');

  it(
    'their replay goes on: they restart with that, one at a time',
    { timeout: 120_000 },
    async () => {
      const { a, b, c } = await led();
      const pids = [a.engine.pid, c.engine.pid];
      for (const each of [a, c]) await each.follow(2, b);
      await b.sql('INSERT INTO t VALUES (1)');
      let mostAway = 0;
      const isOver = async () => {
        const reports = await Promise.all([a, c].map((each) => each.engine.report(within())));
        mostAway = Math.max(mostAway, reports.filter(({ state }) => state !== 'Following').length);
        return ![a.engine.pid, c.engine.pid].some((pid, i) => pid === undefined || pid === pids[i]);
      };
      while (!(await isOver()));
      expect(mostAway).toBe(1);
      for (const each of [a, c]) await each.caughtUp(b);
      for (const each of [a, c]) {
        expect(await shown(each)).toEqual([{ max_connections: '200' }]);
        await shows(each, [1]);
        const isOver = ({ problem }: EngineReport) => problem?.reason !== 'ReplayPaused';
        expect((await each.until(isOver)).lagMs).toBe(0);
      }
    },
  );

  it('and dies before they have restarted: they can lead', { timeout: 120_000 }, async () => {
    const { a, b } = await led();
    await b.client(async (session) => {
      await session.rows(`SELECT pg_advisory_lock(${restartLock})`);
      await a.follow(2, b);
      await a.until(({ problem }) => problem?.reason === 'ReplayPaused');
      expect((await a.until(({ linked }) => linked === true)).lagMs).toBeGreaterThan(0);
    });
    b.engine.kill();
    await b.engine.stop(within());
    let hasEnded = false;
    void a.engine.ended.then(() => (hasEnded = true));
    await a.fence();
    await a.promote(3, { members: [], acks: 0 });
    await a.until(({ state }) => state === 'Leading');
    expect([await numbers(a), hasEnded]).toEqual([[], false]);
  });
});
