import type { Redis } from 'iovalkey';
import { afterAll, describe, expect, test } from 'vitest';
import { TestPasswords } from '../testing.ts';
import { longestPassword, passwordFault } from './password-fault.ts';
import { replicationPassword } from './replication-user.ts';
import { TestMember, closeAll, haveServer, pollUntil } from './testing.ts';

afterAll(closeAll);

const names = ['a', 'b', 'c'];

/** Three members, each with a view of its own of the Secret: a leads. */
async function started() {
  const passwords = names.map(() => new TestPasswords('old'));
  const all = await Promise.all(
    names.map((name, i) =>
      TestMember.create(name, { password: 'old', ...{ passwords: passwords[i]! } }),
    ),
  );
  for (const member of all) await member.start();
  const [a, b, c] = all as [TestMember, TestMember, TestMember];
  await a.promote(1, { init: true });
  for (const follower of [b, c]) await follower.follow(a, 1);
  for (const follower of [b, c]) await follower.linked();
  return { all, a, b, c, passwords: passwords as [TestPasswords, TestPasswords, TestPasswords] };
}

const reports = (all: TestMember[]) => Promise.all(all.map((member) => member.report()));

/** Drops the replication connections of the leader, and waits until both followers have connected again and hold a write. */
async function relink(client: Redis, all: TestMember[]): Promise<void> {
  await client.call('CLIENT', 'KILL', 'TYPE', 'replica');
  await client.set('relinked', 'yes');
  await pollUntil(async () => {
    const found = await reports(all);
    expect(found.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined]);
    return (await client.wait(2, 100)) === 2;
  });
}

const accepts = (member: TestMember, password: string) =>
  member.client({ password }).then(
    () => true,
    () => false,
  );

describe.runIf(haveServer)('a changed password of Redis', { timeout: 60_000 }, () => {
  test('is taken over under writes: members accept both until all have the new one, and then the new one alone', async () => {
    const { all, a, b, c, passwords } = await started();
    const client = await a.client();
    const runs = await Promise.all(all.map((member) => member.pid()));
    let isOver = false;
    let written = 0;
    const writes = (async () => {
      while (!isOver) {
        await client.set('k', String(++written));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();

    // A follower sees it first: the leader does not know the new one, and the follower must show it the former.
    passwords[2].change('new');
    await reports(all);
    expect(passwords.map(({ accepted }) => accepted)).toEqual(['old', 'old', 'new']);
    await relink(client, all);
    expect([await accepts(c, 'old'), await accepts(c, 'new')]).toEqual([true, true]);
    expect([await accepts(a, 'old'), await accepts(a, 'new')]).toEqual([true, false]);

    // The leader sees it: the other follower still has the former password.
    passwords[0].change('new');
    await reports(all);
    await relink(client, all);

    // The last one sees it; until the operator has said so, nobody relies on that.
    passwords[1].change('new');
    await reports(all);
    for (const member of all) expect(await accepts(member, 'old')).toBe(true);
    for (const each of passwords) each.isShared = true;
    await reports(all);
    expect(passwords.map(({ former }) => former)).toEqual([[], [], []]);
    for (const member of all) {
      expect([await accepts(member, 'old'), await accepts(member, 'new')]).toEqual([false, true]);
    }
    await relink(client, all);

    isOver = true;
    await writes;
    expect(await client.get('k')).toBe(String(written));
    const now = [a, b, c].map(async (member) => {
      const each = await member.client({ password: 'new' });
      return Number(/process_id:(\d+)/.exec(await each.info('server'))?.[1]);
    });
    expect(await Promise.all(now)).toEqual(runs);
  });

  test('does not stop a failover to a member that has not seen it yet, nor the restart of a server', async () => {
    const { all, a, b, c, passwords } = await started();
    for (const each of [passwords[0], passwords[2]]) each.change('new');
    await reports(all);
    await a.fence();
    await b.promote(2);
    for (const follower of [a, c]) await follower.follow(b, 2);
    for (const follower of [a, c]) await follower.linked();
    await c.restart();
    await c.follow(b, 2);
    // From the first attempt on.
    const own = await c.client({ password: 'new' });
    const shown = ['masterauth', replicationPassword('test', 'old')];
    expect(await own.config('GET', 'masterauth')).toEqual(shown);
    await c.linked();
    expect([await accepts(c, 'old'), await accepts(c, 'new')]).toEqual([true, true]);
  });

  test.each(['line\nline\r\n', 'a\0b', ` '"\\x00 #$ `, 'm² 🔒', 'x'.repeat(longestPassword)])(
    'may be any text that is not too long: as password %#, at a start and as a changed one',
    async (password) => {
      const passwords = new TestPasswords('old');
      const member = await TestMember.create('a', { password: 'old', passwords });
      await member.start();
      passwords.change(password);
      passwords.isShared = true;
      await member.report();
      expect([passwords.former, passwordFault(password)]).toEqual([[], undefined]);
      expect([await accepts(member, 'old'), await accepts(member, password)]).toEqual([
        false,
        true,
      ]);
      await member.restart();
      expect([await accepts(member, 'old'), await accepts(member, password)]).toEqual([
        false,
        true,
      ]);
    },
  );

  test('is refused if it is longer than what the server reads of a client that it does not know', async () => {
    const password = 'x'.repeat(longestPassword + 1);
    const member = await TestMember.create('a', { password });
    await expect(member.start()).rejects.toThrow('unauthenticated bulk length');
    expect(passwordFault(password)).toMatch(/16384 bytes/);
  });
});
