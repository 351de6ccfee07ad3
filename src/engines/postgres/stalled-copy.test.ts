import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { Members, havePostgres, replaceTool, shows } from './testing.ts';
import { stalledMs } from './tool-progress.ts';

/** A clock for which ten minutes last a fifth of a second at first, and which counts how often they have begun. */
function impatientClock(): Clock & { begun: number; isPatient: boolean } {
  const clock = {
    ...systemClock,
    begun: 0,
    isPatient: false,
    after: (ms: number, callback: () => void) => {
      if (ms === stalledMs) clock.begun++;
      return systemClock.after(ms === stalledMs && !clock.isPatient ? 200 : ms, callback);
    },
  };
  return clock;
}

describe.skipIf(!havePostgres)('a copy of a large data set', { timeout: 120_000 }, () => {
  let members: Members;
  beforeEach(async () => {
    members = await Members.create();
  });
  afterEach(async () => members.end(), 60_000);

  it('is ended if it makes no progress, which is told, and made again', async () => {
    const hangs = join(members.folder, 'hangs');
    await writeFile(hangs, '');
    const programs = await replaceTool(
      members.folder,
      'pg_basebackup',
      (real) =>
        `[ -e ${hangs} ] || exec ${real} "$@"\necho '1/2 kB (50%), 0/1 tablespace' >&2\nexec /bin/sleep 600`,
    );
    const clock = impatientClock();
    const a = await members.add('a');
    const b = await members.add('b', { programs, clock });
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    const report = await b.until(({ problem }) => problem !== undefined);
    expect(report).toMatchObject({
      state: 'Cloning',
      problem: {
        reason: 'CloneFailed',
        message: expect.stringContaining('pg_basebackup has made no progress for 10 minutes'),
      },
    });
    clock.isPatient = true;
    await rm(hangs);
    await b.caughtUp(a);
    const left = (await readdir(b.dataDir)).filter((name) => name.startsWith('pgdata'));
    expect(left).toEqual(['pgdata']);
  });

  it('is not ended while the leader writes the checkpoint that it needs', async () => {
    const programs = await replaceTool(
      members.folder,
      'pg_basebackup',
      (real) => `exec ${real} "$@" --checkpoint=spread`,
    );
    const clock = impatientClock();
    const a = await members.add('a');
    const b = await members.add('b', { programs, clock });
    await a.promote(1, undefined, true);
    await a.sql('CREATE TABLE t AS SELECT generate_series(1, 100000) AS n');
    await b.follow(1, a);
    const seen = await b.until(({ problem }) => clock.begun > 5 || problem !== undefined);
    expect(seen.problem).toBeUndefined();
    clock.isPatient = true;
    await a.sql('CHECKPOINT');
    await b.caughtUp(a);
  });

  it('is not made if a former leader need only wait for the first checkpoint of the next one', async () => {
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    const a = await members.add('a', { clock });
    const b = await members.add('b');
    await a.promote(1, undefined, true);
    await a.sql('CREATE TABLE t (n int)');
    await b.follow(1, a);
    await b.caughtUp(a);
    await b.fence();
    await a.sql('INSERT INTO t VALUES (1)');
    const [checkpointer] = await b.sql<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
    );
    process.kill(checkpointer!.pid, 'SIGSTOP');
    await b.promote(2);
    // The stopped process would have told commits to wait for nobody.
    await b.sql('SET synchronous_commit = local; INSERT INTO t VALUES (2)');
    const asked = `SELECT FROM pg_stat_activity WHERE query = 'CHECKPOINT' AND state = 'active'`;
    while ((await b.sql(asked)).length === 0);
    await a.follow(2, b);
    // It asks again and again, through connections of their own.
    const connections = async () =>
      (
        await b.sql<{ n: string }>(
          `SELECT sessions AS n FROM pg_stat_database WHERE datname = 'postgres'`,
        )
      )[0]!.n;
    for (const ms of [0, 3_600_000]) {
      passedMs += ms;
      const before = Number(await connections());
      while (Number(await connections()) < before + 20);
    }
    process.kill(checkpointer!.pid, 'SIGCONT');
    await a.caughtUp(b);
    await shows(a, [2]);
    const left = (await readdir(a.dataDir)).filter((name) => name.startsWith('pgdata'));
    expect(left).toEqual(['pgdata']);
  });
});
