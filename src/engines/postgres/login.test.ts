import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPasswords } from '../testing.ts';
import { layoutOf } from './layout.ts';
import { secretOf } from './login.ts';
import { codeOf } from './session.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

const derived = (password: string) => secretOf({ password, kind: 'own' }, 'test') ?? '';

describe.skipIf(!havePostgres)('the password of replication', { timeout: 60_000 }, () => {
  const ofA = new TestPasswords('old');
  const ofB = new TestPasswords('old');
  let members: Members;
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    members = await Members.create();
    for (const each of [ofA, ofB]) each.replication = 'service';
    a = await members.add('a', { password: 'old', passwords: ofA });
    b = await members.add('b', { password: 'old', passwords: ofB });
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  const answer = (user: string, password: string) =>
    a.sql('SELECT 1', { password, user }).then(() => 'welcome', codeOf);
  /** Of these, the passwords that the leader accepts from the role of replication. Its reports let it change them. */
  const accepted = async () => {
    for (const { engine } of [a, b]) await engine.report(within());
    const all = { old: 'old', 'from old': derived('old'), new: 'new', 'from new': derived('new') };
    const answers = Object.entries(all).map(async ([name, password]) => ({
      name,
      answer: await answer('haservice', password),
    }));
    return (await Promise.all(answers)).flatMap((each) =>
      each.answer === 'welcome' ? [each.name] : [],
    );
  };
  const passfile = () => readFile(join(layoutOf(b.dataDir).settings, 'passfile'), 'utf8');
  /** Ends the connection of the follower, which then needs a password again. */
  const relink = async (password: string) => {
    const senders = () =>
      a.sql<{ pid: number }>('SELECT pid FROM pg_stat_replication', { password });
    const [former] = await senders();
    await a.sql(`SELECT pg_terminate_backend(${former!.pid})`, { password });
    // A follower that has not heard of a change yet asks the leader again after a while.
    const sender = async () => (await senders())[0]?.pid ?? former!.pid;
    await expect.poll(sender, { timeout: 20_000 }).not.toBe(former!.pid);
    await b.caughtUp(a);
  };

  it('is that of the service as long as a member of an earlier version is left', async () => {
    expect(await accepted()).toEqual(['old']);
    expect(await passfile()).toContain(':haservice:old\n');
  });

  it.each([
    ['the leader hears that first', ofA, ofB],
    ['the follower hears that first', ofB, ofA],
  ])('is derived from it once all know that, and is given back: %s', async (_who, first, last) => {
    first.replication = 'own';
    await a.engine.report(within());
    await relink('old');
    last.replication = 'own';
    await expect.poll(accepted).toEqual(['from old']);
    await expect.poll(passfile).toContain(`:haservice:${derived('old')}\n`);
    await relink('old');
    expect(await answer('postgres', 'old')).toBe('welcome');
    expect(await answer('postgres', derived('old'))).toBe('28P01');

    // An operator of an earlier version has made a member.
    for (const each of [first, last]) each.replication = 'service';
    await expect.poll(accepted).toEqual(['old']);
    await relink('old');
  });

  it('changes with that of the service, when all members have that', async () => {
    for (const each of [ofA, ofB]) each.replication = 'own';
    await expect.poll(accepted).toEqual(['from old']);
    for (const each of [ofA, ofB]) each.change('new');
    expect(await accepted()).toEqual(['from old']);
    await relink('old');
    for (const each of [ofA, ofB]) each.isShared = true;
    await expect.poll(accepted).toEqual(['from new']);
    await b.until(() => ofB.former.length === 0);
    await relink('new');
  });

  it('is known to a new member, which has heard nothing yet, and is the same after a failover', async () => {
    const c = await members.add('c', { password: 'new', passwords: new TestPasswords('new') });
    await c.follow(1, a);
    await c.caughtUp(a);
    await a.fence();
    await b.promote(2);
    for (const each of [a, c]) await each.follow(2, b);
    for (const each of [a, c]) await each.caughtUp(b);
    const to = { user: 'haservice', password: derived('new') };
    expect(await b.sql('SELECT 1 AS n', to)).toEqual([{ n: 1 }]);
  });

  it('of a new data set is the derived one from the beginning', async () => {
    const others = await Members.create();
    const passwords = new TestPasswords('old');
    passwords.replication = 'own';
    const d = await others.add('d', { password: 'old', passwords });
    await d.promote(1, undefined, true);
    const to = { user: 'haservice', password: derived('old') };
    expect(await d.sql('SELECT 1 AS n', to)).toEqual([{ n: 1 }]);
    await others.end();
  });
});
