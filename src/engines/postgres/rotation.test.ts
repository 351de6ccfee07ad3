import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { TestPasswords } from '../testing.ts';
import { layoutOf } from './layout.ts';
import { ensureRoles } from './role.ts';
import { Session, codeOf } from './session.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

const passwords = [new TestPasswords('old'), new TestPasswords('old')] as const;

const answerTo = (member: Member, password: string) =>
  member.sql('SELECT 1', { password }).then(() => 'welcome', codeOf);

describe.skipIf(!havePostgres)('a changed password of Postgres', { timeout: 60_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    members = await Members.create();
    a = await members.add('a', { password: 'old', passwords: passwords[0] });
    b = await members.add('b', { password: 'old', passwords: passwords[1] });
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  const passfile = () => readFile(join(layoutOf(b.dataDir).settings, 'passfile'), 'utf8');
  /** Ends the replication connection, and waits for another one. */
  const relink = async (password: string) => {
    const sender = () =>
      a.sql<{ pid: number }>('SELECT pid FROM pg_stat_replication', { password });
    const [former] = await sender();
    await a.sql(`SELECT pg_terminate_backend(${former!.pid})`, { password });
    await expect.poll(async () => (await sender())[0]?.pid ?? former!.pid).not.toBe(former!.pid);
    await b.caughtUp(a);
  };

  it('is taken over under writes: the roles change when all members have it, and no member is refused', async () => {
    const pids = [a.engine.pid, b.engine.pid];
    let isOver = false;
    let written = 0;
    const writes = a.client(async (session) => {
      await session.rows('CREATE TABLE w (n int)');
      while (!isOver) await session.rows(`INSERT INTO w VALUES (${++written})`);
    });

    // The follower sees it first: the roles of the leader still have the former one.
    passwords[1].change('new');
    await b.until(() => passwords[1].accepted === 'new');
    await relink('old');
    expect(await passfile()).toContain(':old\n');

    // The leader sees it; the follower could be one that has not.
    passwords[0].change('new');
    await a.until(() => passwords[0].accepted === 'new');
    await relink('old');
    expect([await answerTo(a, 'old'), await answerTo(a, 'new')]).toEqual(['welcome', '28P01']);

    for (const each of passwords) each.isShared = true;
    await a.until(() => passwords[0].former.length === 0);
    expect([await answerTo(a, 'old'), await answerTo(a, 'new')]).toEqual(['28P01', 'welcome']);
    await b.until(() => passwords[1].former.length === 0);
    expect(await passfile()).toContain(':new\n');
    await relink('new');

    isOver = true;
    await writes;
    const [row] = await a.sql<{ n: number }>('SELECT max(n) AS n FROM w', { password: 'new' });
    expect(row?.n).toBe(written);
    expect([a.engine.pid, b.engine.pid]).toEqual(pids);
  });

  it('of which a promoted member alone knows does not change the roles', async () => {
    passwords[1].change('newer');
    await a.fence();
    await b.promote(2);
    await a.follow(2, b);
    await a.until(({ linked }) => linked === true);
    expect([await answerTo(b, 'new'), await answerTo(b, 'newer')]).toEqual(['welcome', '28P01']);
  });

  it('is taken over with members that have no data yet, or unfinished ones: they know the new one alone, and need a leader that has it', async () => {
    passwords[1].change('newest');
    passwords[0].change('newest');
    const ofNew = new TestPasswords('newest');
    const c = await members.add('c', { password: 'newest', passwords: ofNew });
    await c.follow(2, b);
    const { problem } = await c.until((report) => report.problem !== undefined);
    expect([problem?.reason, ofNew.accepted]).toEqual(['WrongPassword', 'newest']);

    a.engine.kill();
    await a.engine.stop(within());
    await writeFile(layoutOf(a.dataDir).rewinding, '');
    await a.restart('newest');
    expect((await a.engine.report(within())).state).toBe('Cloning');
    expect(passwords[0].accepted).toBe('newest');

    passwords[1].isShared = true;
    await b.until(() => passwords[1].former.length === 0);
    await a.follow(2, b);
    for (const each of [a, c]) await each.until(({ linked }) => linked === true);
  });

  it('follows from another Secret: new members know both passwords, and members that know the former one alone go on until the last one is new', async () => {
    const other = await Members.create();
    onTestFinished(() => other.end(), 60_000);
    const [c, d] = [
      await other.add('c', { password: 'old' }),
      await other.add('d', { password: 'old' }),
    ];
    await c.promote(1, undefined, true);
    await d.follow(1, c);
    await d.caughtUp(c);
    const [ofD, ofC] = [new TestPasswords('old'), new TestPasswords('new')];
    ofD.change('new');
    await d.replace(ofD);
    await d.follow(1, c);
    await d.caughtUp(c);
    await c.fence();
    await d.promote(2);
    await c.follow(2, d);
    await c.caughtUp(d);
    // Beside members that all have the new Secret it gets that password alone.
    await c.replace(ofC);
    await c.follow(2, d);
    expect(ofC.accepted).toBe(undefined);
    await c.until(({ problem }) => problem?.reason === 'WrongPassword');
    expect([ofC.accepted, ofD.accepted]).toEqual(['new', 'new']);
    ofD.isShared = true;
    await d.until(() => ofD.former.length === 0);
    await c.until(({ linked }) => linked === true);
  });

  it('does not hold up a heartbeat if another transaction has locked the roles', async () => {
    const other = await Members.create();
    onTestFinished(() => other.end(), 60_000);
    const known = new TestPasswords('old');
    const args = ['-c', 'log_statement=all', '-c', 'log_min_duration_statement=0'];
    const c = await other.add('c', { password: 'old', passwords: known, args });
    await c.promote(1, undefined, true);
    const holder = await Session.open(
      { host: '127.0.0.1', port: c.port, user: 'postgres', password: 'old', database: 'postgres' },
      within(),
    );
    onTestFinished(() => holder.end());
    await holder.rows('BEGIN; ALTER ROLE postgres CONNECTION LIMIT 50');
    known.change('new');
    known.isShared = true;
    const refused = c.until(({ problem }) => problem?.reason === 'PasswordRefused');
    const waits = () =>
      c.sql(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'`, { password: 'old' });
    while ((await waits()).length === 0) await c.engine.report(within());
    expect((await c.engine.report(within())).problem).toBeUndefined();
    expect((await waits()).length).toBe(1);
    expect((await refused).problem?.message).toMatch(/another transaction has changed or locked/);
    holder.end();
    await c.until(() => known.former.length === 0);
    expect((await c.engine.report(within())).problem).toBeUndefined();
    expect([await answerTo(c, 'old'), await answerTo(c, 'new')]).toEqual(['28P01', 'welcome']);
  });
});

it('verifiers of passwords are in no message that the server could log', async () => {
  const said: string[] = [];
  const rows = (text: string) => Promise.resolve((said.push(text), []));
  await ensureRoles({ rows } as unknown as Session, { superuser: ['new'], replication: ['own'] });
  const [first = '', ...others] = said;
  expect(first).toMatch(/log_statement = none.*log_min_error_statement = panic/);
  expect([first.includes('SCRAM'), others.join().includes('SCRAM')]).toEqual([false, true]);
});
