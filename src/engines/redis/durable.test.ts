import { afterAll, describe, expect, test } from 'vitest';
import { isLogEmpty } from './data-files.ts';
import { closeAll, haveServer, held, members, pollUntil, service } from './testing.ts';

afterAll(closeAll);

describe
  .runIf(haveServer)
  .concurrent('a copy whose log is not rewritten yet', { timeout: 30_000 }, () => {
    /** b was once a copy of a, whose data are on its disk, and becomes one again, of more: each key takes `perKeyUs`. */
    async function copied(perKeyUs: number) {
      const all = await service(['a', 'b'], 1);
      const [a, b] = all;
      await b.until('durable', ({ durable, linked }) => durable === undefined && linked === true);
      await b.restart();
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => all.client.set(`key ${i}`, 'x').catch(() => {})),
      );
      await (await b.client()).config('SET', 'rdb-key-save-delay', perKeyUs);
      await b.follow(a, 1);
      await b.linked();
      expect((await b.report()).durable).toBe(false);
      await pollUntil(() => all.client.set('k', 'newest').then(Boolean, () => false));
      expect(await all.client.wait(1, 5_000)).toBe(1);
      return all;
    }
    const never = 1_000_000_000;

    test('promoted and restarted, the member has old data, reports it, and does not lead', async () => {
      await using all = await copied(never);
      const [, b] = all;
      await b.fence();
      expect(await b.report()).toMatchObject({ position: { term: 1 }, durable: false });
      await b.promote(2);
      expect(await b.report()).toMatchObject({ state: 'Leading', durable: false });
      await (await b.client()).set('k', 'in epoch 2');
      await b.restart();
      expect(await b.report()).toEqual({
        state: 'Detached',
        durable: false,
        problem: expect.objectContaining({ reason: 'CloneInterrupted' }) as object,
      });
      expect(await held(b)).toBe('v');
      for (const epoch of [2, 3]) {
        await expect(b.promote(epoch)).rejects.toThrow('may be older than what it has once held');
      }
      await b.promote(4, { acceptOld: true });
      expect(await b.report()).toMatchObject({ state: 'Leading', position: { term: 4 } });
    });

    test('restarted between its fence and its promotion, the member does not lead with less than it reported', async () => {
      await using all = await copied(never);
      const [, b] = all;
      await b.fence();
      await b.restart();
      await expect(b.promote(2)).rejects.toThrow('may be older than what it has once held');
    });

    test('promoted, and then made a copy of another leader, the member reports the loss of what its log has never held', async () => {
      await using all = await members(['a', 'b']);
      const [a, b] = all;
      await a.promote(1, { init: true });
      const client = await a.client();
      await Promise.all(Array.from({ length: 20 }, (_, i) => client.set(`key ${i}`, 'x')));
      await (await b.client()).config('SET', 'rdb-key-save-delay', never);
      await b.follow(a, 1);
      await b.linked();
      await b.fence();
      await b.promote(2);
      expect(await (await b.client()).set('k', 'in epoch 2')).toBe('OK');
      expect(await isLogEmpty(b.dir)).toBe(true);
      await a.promote(3);
      await b.follow(a, 3);
      const { loss } = await b.linked();
      expect(loss).toMatchObject({ epoch: 3 });
    });

    test('promoted, the member is durable once its log is written', async () => {
      await using all = await copied(100_000);
      const [, b] = all;
      await b.fence();
      await b.promote(2);
      await b.until('durable', ({ durable }) => durable === undefined);
      await b.restart();
      expect(await b.report()).toEqual({ state: 'Detached' });
      expect(await held(b)).toBe('newest');
    });
  });

test.runIf(haveServer)('what a fenced follower reports is on its disk', async () => {
  await using all = await service(['a', 'b']);
  const [a, b] = all;
  const client = await b.client();
  const policy = async () => (await client.config('GET', 'appendfsync')) as string[];
  expect(await policy()).toContain('everysec');
  await b.fence();
  expect(await policy()).toContain('always');
  await b.follow(a, 2);
  expect(await policy()).toContain('everysec');
});

test.runIf(haveServer).each([
  ['while reports are requested', true],
  ['while no reports are requested', false],
])(
  'a follower that is made a copy without an order, %s, does not lead with older data',
  async (_when, looks) => {
    await using all = await service(['a', 'b', 'c'], 1, { args: ['--repl-backlog-size', '16kb'] });
    const [, b, c] = all;
    for (const member of [b, c]) {
      await member.until('durable', (said) => said.durable === undefined && said.linked === true);
    }
    await (await b.client()).config('SET', 'rdb-key-save-delay', 1_000_000_000);
    const pid = await b.pid();
    process.kill(pid, 'SIGSTOP');
    await all.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
    const write = (key: string, value: string) =>
      pollUntil(() => all.client.set(key, value).then(Boolean, () => false));
    // More than its leader retains for a returning follower.
    for (let i = 0; i < 100; i++) await write(`key ${i}`, 'x'.repeat(1_000));
    await write('k', 'newest');
    process.kill(pid, 'SIGCONT');
    const info = async () => (await b.client()).info();
    await pollUntil(async () => (await info()).includes('aof_rewrite_in_progress:1'));
    await pollUntil(async () => (await info()).includes('master_link_status:up'));
    if (looks) expect(await b.report()).toMatchObject({ state: 'Following', durable: false });
    await b.restart();
    expect(await b.report()).toMatchObject({ state: 'Detached', durable: false });
    expect(await held(b)).toBe('v');
    await expect(b.promote(2)).rejects.toThrow('may be older than what it has once held');
  },
  30_000,
);
