import { expect, it, onTestFinished } from 'vitest';
import { Session } from './session.ts';
import { Members, havePostgres, within } from './testing.ts';

it.skipIf(!havePostgres)(
  'a member copies the data of a leader whose connections are all taken by clients, as those wait for a copy',
  { timeout: 120_000 },
  async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    const a = await members.add('a');
    const b = await members.add('b');
    await a.promote(1, { members: [], acks: 0 }, true);
    await a.until(({ state }) => state === 'Leading');
    await a.sql(`CREATE ROLE app LOGIN PASSWORD 'app'`);
    const to = { host: '127.0.0.1', port: a.port, database: 'postgres' };
    const taken: Session[] = [];
    onTestFinished(() => taken.forEach((session) => session.end()));
    const takeAll = async () => {
      for (;;) taken.push(await Session.open({ ...to, user: 'app', password: 'app' }, within()));
    };
    await expect(takeAll()).rejects.toMatchObject({ code: '53300' });
    await b.follow(1, a);
    const report = await b.caughtUp(a);
    expect(report.problem).toBeUndefined();
  },
);
