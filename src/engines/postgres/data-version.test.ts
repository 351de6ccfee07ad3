import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDataVersion } from './data-version.ts';
import { Members, havePostgres, within } from './testing.ts';

const members = await Members.create();
afterAll(async () => members.end(), 60_000);

describe.skipIf(!havePostgres)('data of another major version', { timeout: 120_000 }, () => {
  it('are left as they are, and the member says which version they need', async () => {
    const member = await members.add('member');
    await member.promote(1, { members: [], acks: 0 }, true);
    await member.until(({ state }) => state === 'Leading');
    await member.engine.stop(within());
    const data = join(member.dataDir, 'pgdata');
    const image = await readDataVersion(data);
    await writeFile(join(data, 'PG_VERSION'), '9\n');
    const stop = new AbortController();
    const { engine } = member.anew();
    const started = engine.start(stop.signal);
    while (engine.startProblem === undefined) await new Promise((done) => setImmediate(done));
    expect(engine.startProblem).toMatchObject({
      reason: 'OtherVersion',
      message: expect.stringContaining(
        `PostgreSQL 9, and the image of this member has PostgreSQL ${image}`,
      ) as string,
    });
    expect(engine.pid).toBeUndefined();
    stop.abort();
    await expect(started).rejects.toThrow();
  });

  it.each(['', 'abc\n'])('are left as they are if their version is %j', async (text) => {
    const member = await members.add(`member-${text.trim()}`);
    await member.promote(1, { members: [], acks: 0 }, true);
    await member.until(({ state }) => state === 'Leading');
    await member.engine.stop(within());
    const path = join(member.dataDir, 'pgdata', 'PG_VERSION');
    const version = await readFile(path);
    await writeFile(path, text);
    const { engine } = member.anew();
    const started = engine.start(within());
    while (engine.startProblem === undefined) await new Promise((done) => setImmediate(done));
    expect(engine.startProblem).toMatchObject({
      reason: 'DataDamaged',
      message: expect.stringContaining(path),
    });
    await writeFile(path, version);
    await started;
    await member.until(({ state }) => state === 'Detached');
  });
});
