import { afterAll, describe, expect, test } from 'vitest';
import { closeAll, haveServer, service } from './testing.ts';

afterAll(closeAll);

const value = 'x'.repeat(1_000_000);
const count = 30;

describe.runIf(haveServer)('a leader that is fenced', { timeout: 30_000 }, () => {
  test('first sends its followers all that it has acknowledged', async () => {
    await using all = await service(['a', 'b', 'c']);
    const [a, b, c] = all;
    const pid = await b.pid();
    process.kill(pid, 'SIGSTOP');
    for (let i = 0; i < count; i++) await all.client.set(`k${i}`, value);
    const fenced = a.fence();
    const last = all.client.set('last', 'v').then(
      () => true,
      () => false,
    );
    process.kill(pid, 'SIGCONT');
    await fenced;
    const { offset } = (await a.report()).position!;
    const isWritten = await last;
    for (const follower of [b, c]) {
      await follower.until('cut off', ({ linked }) => linked === false);
      await follower.fence();
      expect((await follower.report()).position).toMatchObject({ term: 1, offset });
      const client = await follower.client();
      await client.config('SET', 'replica-serve-stale-data', 'yes');
      expect(await client.exists(`k${count - 1}`)).toBe(1);
      expect(await client.exists('last')).toBe(isWritten ? 1 : 0);
    }
  });

  test('does not wait for a frozen follower for ever, and takes writes again once promoted', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    const pid = await b.pid();
    process.kill(pid, 'SIGSTOP');
    for (let i = 0; i < count; i++) await all.client.set(`k${i}`, value);
    await a.fence();
    expect(await a.report()).toMatchObject({ state: 'Detached' });
    process.kill(pid, 'SIGCONT');
    await a.promote(2);
    expect(await (await a.client()).set('k', 'w')).toBe('OK');
  });
});
