import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Session } from './session.ts';
import { type Member, Members, havePostgres, numbers, shows, within } from './testing.ts';

const title = 'a reader that holds up the replay of a follower without limit';

describe.skipIf(!havePostgres)(title, { timeout: 120_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;
  let c: Member;
  const readers: Session[] = [];

  beforeEach(async () => {
    members = await Members.create();
    const args = ['-c', 'max_standby_streaming_delay=-1', '-c', 'max_standby_archive_delay=-1'];
    const add = (name: string) => members.add(name, { args });
    [a, b, c] = [await add('a'), await add('b'), await add('c')];
    await a.promote(1, { members: ['b', 'c'], acks: 1 }, true);
    await a.sql(
      'SET synchronous_commit = local; CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 3)',
    );
    await Promise.all([b.follow(1, a), c.follow(1, a)]);
    await Promise.all([b.caughtUp(a), c.caughtUp(a)]);
    await shows(c, [1, 2, 3]);
    readers.push(await read());
  }, 60_000);

  afterEach(async () => {
    for (const reader of readers.splice(0)) reader.end();
    await members.end();
  }, 60_000);

  /** A client of c in a long transaction. */
  async function read(): Promise<Session> {
    const { port, password } = c;
    const to = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password };
    const session = await Session.open({ ...to, application_name: 'reader' }, within());
    await session.rows('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM t LIMIT 1');
    return session;
  }

  async function heldUp(): Promise<void> {
    const conflict = `SELECT FROM pg_stat_activity WHERE backend_type = 'startup'
      AND (wait_event LIKE 'RecoveryConflict%' OR wait_event_type = 'Lock')`;
    while ((await c.sql(conflict)).length === 0);
  }

  it.each([
    ['of rows', ['DELETE FROM t WHERE n > 1', 'VACUUM t']],
    ['of a table', ['TRUNCATE t', 'INSERT INTO t VALUES (1)']],
  ])(
    '%s, does not hold up the fence, the position and the next leader',
    async (_of, statements) => {
      for (const statement of statements) await a.sql(statement);
      await heldUp();
      a.engine.kill();
      const [ofB, ofC] = await Promise.all([b.fence(), c.fence()]);
      expect(ofC.position?.term).toBe(ofB.position?.term);
      await b.promote(2, { members: ['a', 'c'], acks: 1 });
      await c.follow(2, b);
      // Nobody else can acknowledge it.
      await b.sql('INSERT INTO t VALUES (9)');
      await c.caughtUp(b);
      await shows(c, [1, 9]);
      expect(await numbers(c)).toEqual([1, 9]);
    },
  );

  it('is let alone while the member follows', async () => {
    await a.sql('DELETE FROM t WHERE n > 1');
    await a.sql('VACUUM t');
    await heldUp();
    await a.sql('INSERT INTO t VALUES (4)');
    const { position } = await c.caughtUp(a);
    expect(position?.term).toBe(2);
    expect(await readers[0]?.rows('SELECT n FROM t')).toHaveLength(3);
  });
});
