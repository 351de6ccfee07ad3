import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Session } from './session.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

describe.skipIf(!havePostgres)(
  'clients hold all connections of a leader',
  { timeout: 120_000 },
  () => {
    let members: Members;
    let a: Member;
    let b: Member;
    let taken: Session[] = [];

    beforeEach(async () => {
      members = await Members.create();
      [a, b] = [await members.add('a'), await members.add('b')];
      await a.promote(1, { members: [], acks: 0 }, true);
      await a.until(({ state }) => state === 'Leading');
      await a.sql(
        `CREATE TABLE t (n int); CREATE ROLE app LOGIN PASSWORD 'app'; GRANT ALL ON t TO app`,
      );
    }, 60_000);

    afterEach(async () => {
      for (const session of taken) session.end();
      taken = [];
      await members.end();
    }, 60_000);

    const takeAll = async ({ port }: Member, user = 'app', password = 'app') => {
      const to = { host: '127.0.0.1', port, database: 'postgres', user, password };
      const take = async () => {
        for (;;) taken.push(await Session.open(to, within()));
      };
      await expect(take()).rejects.toMatchObject({ code: '53300' });
    };
    const kill = async ({ engine }: Member) => {
      engine.kill();
      await engine.stop(within());
    };

    it('a member copies its data', async () => {
      await takeAll(a);
      await b.follow(1, a);
      expect((await b.caughtUp(a)).problem).toBeUndefined();
    });

    it('after a promotion a member follows, and the commits that wait for it are acknowledged', async () => {
      await b.follow(1, a);
      await b.caughtUp(a);
      await a.fence();
      await b.fence();
      await b.promote(2, { members: ['a'], acks: 1 });
      await a.follow(2, b);
      await a.caughtUp(b);
      await b.sql('INSERT INTO t VALUES (0)');
      await kill(a);
      await takeAll(b);
      const commits = taken.map((session) => session.rows('INSERT INTO t VALUES (1)'));
      await a.restart();
      await a.follow(2, b);
      await a.caughtUp(b);
      await Promise.all(commits);
    });

    it.each(['app', 'postgres'])(
      'as %s: a member discards with pg_rewind what it alone holds',
      async (user) => {
        await b.follow(1, a);
        await b.caughtUp(a);
        await b.fence();
        await a.sql('INSERT INTO t VALUES (1)');
        await kill(a);
        await b.promote(2, { members: ['a'], acks: 1 });
        await takeAll(b, user, user === 'app' ? 'app' : b.password);
        const commits = taken.slice(1).map((session) => session.rows('INSERT INTO t VALUES (2)'));
        const answers = Promise.allSettled(commits);
        await a.restart();
        await a.follow(2, b);
        await a.caughtUp(b);
        const { loss } = await a.engine.report(within());
        // A clone would have retained its former data.
        expect(loss?.message).toMatch(/had been committed in it$/);
        expect((await answers).filter(({ status }) => status === 'rejected').length).toBeLessThan(
          2,
        );
      },
    );

    it('its status is known, and its acknowledgements change', async () => {
      await takeAll(a, 'postgres', a.password);
      await a.promote(1, { members: ['b'], acks: 1 });
      expect(await a.until(({ sync }) => sync?.acks === 1)).toMatchObject({ state: 'Leading' });
    });
  },
);
