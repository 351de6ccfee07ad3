import { afterAll, expect, test } from 'vitest';
import { type TestMember, closeAll, haveServer, members } from './testing.ts';
import { readInfo } from './server-info.ts';

afterAll(closeAll);

/** b is being made a copy of a, slowly. @param delayUs of each key, in microseconds: rdb-key-save-delay */
async function beginCopy(
  a: TestMember,
  b: TestMember,
  { keys, delayUs }: { keys: number; delayUs: number },
) {
  await a.promote(1, { init: true });
  const client = await a.client();
  for (let i = 0; i < keys; i++) await client.set(`key ${i}`, 'x'.repeat(20_000));
  await client.config('SET', 'rdb-key-save-delay', delayUs);
  await b.follow(a, 1);
  const first = await b.until('copying', ({ copy }) => (copy?.bytes ?? 0) > 0, 30_000);
  return { client, first };
}

test.runIf(haveServer)(
  'a member that is made a copy says how far the copy is, until it is loaded',
  { timeout: 60_000 },
  async () => {
    await using all = await members(['a', 'b']);
    const [a, b] = all;
    const { client, first } = await beginCopy(a, b, { keys: 200, delayUs: 10_000 });
    expect(first).toMatchObject({ state: 'Cloning', leader: 'a' });
    const more = await b.until(
      'further',
      ({ copy }) => (copy?.bytes ?? 0) > (first.copy?.bytes ?? 0),
      30_000,
    );
    expect(more.copy?.elapsedMs).toBeGreaterThan(first.copy?.elapsedMs ?? Infinity);
    await client.config('SET', 'rdb-key-save-delay', 0);
    expect((await b.linked()).copy).toBeUndefined();
  },
);

test.runIf(haveServer)(
  'a copy is finished although more is written meanwhile than Redis itself allows',
  { timeout: 60_000 },
  async () => {
    await using all = await members(['a', 'b']);
    const [a, b] = all;
    const { client } = await beginCopy(a, b, { keys: 100, delayUs: 100_000 });
    const value = 'x'.repeat(2 ** 20);
    for (let i = 0; i < 270; i++) await client.set('written', value);
    await b.until('linked', ({ linked }) => linked === true, 30_000);
    // At the first attempt.
    expect(await client.info('stats')).toContain('sync_full:1\r');
  },
);

test('how far a copy is, and of how much if the leader knows that', () => {
  const info = (more: string[]) =>
    readInfo(
      [
        ...['loading:0', 'aof_enabled:1', 'aof_rewrite_in_progress:0', 'aof_rewrite_scheduled:0'],
        ...[
          'aof_last_write_status:ok',
          'aof_last_bgrewrite_status:ok',
          'rdb_last_bgsave_status:ok',
        ],
        ...['master_replid:x', 'master_replid2:0', 'master_repl_offset:0', 'role:slave'],
        ...['master_host:h', 'master_port:1', 'master_link_status:down', ...more],
      ].join('\r\n'),
    ).master?.copied;
  const syncing = 'master_sync_in_progress:1';
  expect(info(['master_sync_in_progress:0'])).toBeUndefined();
  expect(info([syncing, 'master_sync_total_bytes:100', 'master_sync_read_bytes:7'])).toEqual({
    bytes: 7,
    totalBytes: 100,
  });
  // Without a file there is no size; before the transfer it is -1.
  for (const total of [0, -1]) {
    expect(info([syncing, `master_sync_total_bytes:${total}`, 'master_sync_read_bytes:0'])).toEqual(
      { bytes: 0, totalBytes: undefined },
    );
  }
});
