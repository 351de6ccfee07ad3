import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestPasswords } from '../testing.ts';
import { passwordFault, prepared } from './saslprep.ts';
import { codeOf } from './session.ts';
import { type Member, Members, havePostgres } from './testing.ts';

const run = promisify(execFile);

it.each([
  ['line\nline', /several lines/],
  ['more\n', /several lines/],
  ['pw\r', /carriage return/],
  ['a\0b', /NUL/],
  // libpq takes it as it is, because of the emoji; `pg` makes x2 of the first part.
  ['x²🔒', /different ways/],
])('%j cannot be used', (password, fault) => {
  expect(passwordFault(password)).toMatch(fault);
});

/** They differ from their prepared form, or contain what SASLprep forbids. */
const passwords = ['m² ½ e\u0301', 'a\u00a0b', 'soft\u00adhyphen', 'tab\t', '🔒 \u05d0b', 'ﬀ ｗ'];

describe.skipIf(!havePostgres)('a password beyond ASCII', { timeout: 60_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;
  const known = [new TestPasswords('old'), new TestPasswords('old')] as const;

  beforeAll(async () => {
    members = await Members.create();
    a = await members.add('a', { password: 'old', passwords: known[0] });
    b = await members.add('b', { password: 'old', passwords: known[1] });
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  it.each(passwords)('%j works with members, libpq and pg', async (password) => {
    expect(passwordFault(password)).toBeUndefined();
    for (const each of known) {
      each.change(password);
      each.isShared = true;
    }
    await a.until(() => known[0].former.length === 0);
    await b.until(() => known[1].former.length === 0);
    a.password = password;
    await b.restart(password);
    await b.follow(1, a);
    await b.caughtUp(a);
    for (const [user, text] of [
      ['postgres', password],
      ['haservice', prepared(password)],
    ] as const) {
      const env = { ...process.env, PGPASSWORD: text };
      const args = ['-h', '127.0.0.1', '-p', String(a.port), '-U', user, '-Atc', 'SELECT 1'];
      expect((await run('psql', [...args, 'postgres'], { env })).stdout).toBe('1\n');
    }
    expect(await a.sql('SELECT 1', { password: 'another' }).catch(codeOf)).toBe('28P01');
  });
});
