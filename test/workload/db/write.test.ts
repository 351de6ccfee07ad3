import { expect, it } from 'vitest';
import type { Database, Session } from '../torture/session.ts';
import { WriteStream } from './write.ts';

/** A database whose writes end as the test decides. */
function scripted(write: (n: number) => Promise<void>) {
  const sessions: { closed: boolean }[] = [];
  let failed = 0;
  const database: Database = {
    connect: async (): Promise<Session> => {
      const state = { closed: false };
      sessions.push(state);
      return {
        answeredBy: 'one',
        write: (_, n) => write(n),
        read: async () => ({}),
        close: () => (state.closed = true),
      };
    },
    failed: () => (failed += 1),
  };
  return { database, sessions, failures: () => failed };
}

it('uses a kept connection again, and a new one once', async () => {
  const { database, sessions } = scripted(async () => {});
  const kept = new WriteStream(database, 'a', 1_000, true);
  for (let i = 0; i < 3; i++) expect(await kept.send()).toEqual({ ok: true, who: 'one' });
  expect(sessions).toEqual([{ closed: false }]);
  const fresh = new WriteStream(database, 'b', 1_000, false);
  for (let i = 0; i < 2; i++) await fresh.send();
  expect(sessions.slice(1)).toEqual([{ closed: true }, { closed: true }]);
});

it('skips turns while the kept connection is busy, or too many new ones are', async () => {
  const done = Promise.withResolvers<undefined>();
  const { database, sessions } = scripted(() => done.promise);
  const kept = new WriteStream(database, 'a', 1_000, true);
  const fresh = new WriteStream(database, 'b', 1_000, false);
  const sent = [kept.send(), kept.send()];
  for (let i = 0; i < 20; i++) sent.push(fresh.send());
  done.resolve(undefined);
  const outcomes = await Promise.all(sent);
  expect(outcomes.slice(0, 2).map((outcome) => outcome?.ok)).toEqual([true, undefined]);
  expect(outcomes.slice(2).filter((outcome) => outcome?.ok)).toHaveLength(8);
  expect(sessions).toHaveLength(9);
  expect((await kept.send())?.ok).toBe(true);
});

it('closes a connection after a failed write, reports the failure, and continues with the next number', async () => {
  const seen: number[] = [];
  const { database, sessions, failures } = scripted(async (n) => {
    seen.push(n);
    if (n === 1) throw Object.assign(new Error('no'), { code: 'ECONNRESET' });
  });
  const kept = new WriteStream(database, 'a', 1_000, true);
  expect(await kept.send()).toEqual({ ok: false, error: 'ECONNRESET' });
  expect((await kept.send())?.ok).toBe(true);
  expect(sessions).toEqual([{ closed: true }, { closed: false }]);
  expect(failures()).toBe(1);
  expect(seen).toEqual([1, 2]);
});

it('abandons a write that is never answered', async () => {
  const { database, sessions } = scripted(() => new Promise(() => {}));
  const kept = new WriteStream(database, 'a', 20, true);
  expect(await kept.send()).toEqual({ ok: false, error: 'timeout' });
  expect(sessions).toEqual([{ closed: true }]);
});
