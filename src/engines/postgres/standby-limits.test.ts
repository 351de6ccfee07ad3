import { afterAll, describe, expect, it } from 'vitest';
import { Members, havePostgres, numbers, within } from './testing.ts';

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
    await leader.engine.fence(within());
    await lower.fence();
    await lower.promote(2, { members: [], acks: 0 });
    await lower.until(({ state }) => state === 'Leading');
    expect(await numbers(lower)).toEqual([1]);
    // What it needs itself it may have: nothing is raised that the log does not ask for.
    expect(await lower.sql('SHOW max_wal_senders')).toEqual([{ max_wal_senders: '10' }]);
  });
});
