import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, haveServer, pollUntil, service } from './testing.ts';

afterAll(closeAll);

describe.runIf(haveServer).concurrent('the log of a Redis server', { timeout: 30_000 }, () => {
  test.each([
    ['appendfsync', 'everysec', 'always'],
    ['no-appendfsync-on-rewrite', 'yes', 'no'],
    ['min-replicas-max-lag', '0', '2'],
  ])('%s %s on a leader in Strong is told until it is undone', async (name, weak, strict) => {
    await using all = await service(['a', 'b'], 1);
    const [a] = all;
    expect(await a.report()).not.toHaveProperty('problem');
    await all.client.config('SET', name, weak);
    const { problem } = await a.until('told', (report) => report.problem !== undefined);
    expect(problem?.reason).toBe('WeakSettings');
    expect(problem?.message).toContain(`${name} is ${weak}`);
    expect(problem?.message).toContain(`run CONFIG SET ${name} ${strict}`);
    await all.client.config('SET', name, strict);
    await a.until('as it was', (report) => report.problem === undefined);
  });

  test('has the values of the arguments on a follower, and on a leader only in Eventual', async () => {
    const args = ['--appendfsync', 'no', '--no-appendfsync-on-rewrite', 'yes'];
    await using all = await service(['a', 'b'], 1, { args });
    const [a, b] = all;
    const values = async (member: typeof a) => {
      const client = await member.client();
      const answer = await client.call('CONFIG', 'GET', 'appendfsync', 'no-appendfsync-on-rewrite');
      return (answer as string[]).filter((_text, i) => i % 2 === 1).toSorted();
    };
    expect(await values(a)).toEqual(['always', 'no']);
    expect(await values(b)).toEqual(['no', 'yes']);
    await a.promote(2);
    expect(await values(a)).toEqual(['no', 'yes']);
    expect(await a.report()).not.toHaveProperty('problem');
  });

  test('that is turned off is told, and the member is not durable until the log is on and written', async () => {
    await using all = await service(['a', 'b'], 1);
    const [a, b] = all;
    for (const member of [a, b]) {
      await member.until('durable', ({ durable }) => durable === undefined);
      const client = await member.client();
      await client.config('SET', 'appendonly', 'no');
      await member.until(
        'told',
        ({ problem, durable }) => problem?.reason === 'LogOff' && durable === false,
      );
      await client.config('SET', 'appendonly', 'yes');
      await member.until(
        'as it was',
        ({ problem, durable }) => problem === undefined && durable === undefined,
      );
    }
    await pollUntil(() => all.client.set('k', 'w').then(Boolean, () => false));
  });
});
